//! Where a key is pressed, and what an action needs there.

/// Where the keyboard is. In each of these a key means one thing; in two it may mean two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyContext {
    /// The tables of services, nodes and tasks.
    Table,
    /// The events.
    Events,
    /// The problems.
    Problems,
    /// A log.
    Log,
    /// The view of all clusters.
    Clusters,
    /// The wall.
    Wall,
    /// A page to read: describe, YAML, help, what watching costs.
    Page,
    /// A plan to confirm.
    Plan,
    /// The editor of a spec.
    Editor,
    /// A line being typed.
    Prompt,
}

impl KeyContext {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::Table,
        Self::Events,
        Self::Problems,
        Self::Log,
        Self::Clusters,
        Self::Wall,
        Self::Page,
        Self::Plan,
        Self::Editor,
        Self::Prompt,
    ];

    /// Its name in the config file: `[keys.log]`.
    pub fn id(self) -> &'static str {
        self.words().0
    }

    /// Where that is, in a sentence.
    pub fn place(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Table => ("table", "in a table"),
            Self::Events => ("events", "in the events"),
            Self::Problems => ("problems", "in Problems"),
            Self::Log => ("log", "in a log"),
            Self::Clusters => ("clusters", "in Clusters"),
            Self::Wall => ("wall", "on the wall"),
            Self::Page => ("page", "on a page"),
            Self::Plan => ("plan", "in a plan"),
            Self::Editor => ("editor", "in the editor"),
            Self::Prompt => ("prompt", "in a prompt"),
        }
    }

    /// Whether letters are text there.
    pub fn is_typed(self) -> bool {
        matches!(self, Self::Editor | Self::Prompt)
    }
}

/// Requirement of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// None.
    Nothing,
    /// Rows, or lines of a log.
    Rows,
    /// Anything under the cursor.
    Object,
    /// A service, its task, or its problem.
    Service,
    /// A node.
    Node,
    /// A node, or a task of one.
    Placed,
    /// A task.
    Task,
    /// A problem.
    Problem,
}
