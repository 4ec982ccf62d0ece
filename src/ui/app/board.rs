//! One cluster on the screen: its model, views, popups and actions, and their only way to change:
//! [`Board::update`].

use std::sync::Arc;

use crate::{
    action::follow::Follow,
    cluster::{NodeId, ServiceId, Store, TaskId, Timestamp},
    grant::ClusterNo,
    session::{Command, Event, Generation, LogFrame, ManagerLine, Token, Usage},
    triage::{Problem, Triage},
    ui::{
        app::{Effect, model::Model, toast::Toast, trend::Trend},
        input::actions::Context,
        operate::report::PendingReport,
        popup::{Help, Page, PageKind, Popup},
        screen::{
            events::filter::EventFilter,
            logs::LogPane,
            nodes,
            overview::Split,
            problems::actions::Detail,
            rows::{EventRow, ProblemRow, TaskRow},
            services, tasks,
        },
        table::{Sorting, Table, order::Order},
        terminal::performance::Performance,
    },
};

pub use crate::ui::app::link::LinkState;
pub(in crate::ui) use crate::ui::app::settings::{Elsewhere, Input, Pending, Request, Settings};
pub use crate::ui::screen::view::{Pane, TaskScope, View};

/// The session is told at most so often that someone is at the keyboard.
const ATTENTION: std::time::Duration = std::time::Duration::from_secs(5);

/// The state of one cluster's part of the UI.
pub struct Board {
    pub(in crate::ui) no: ClusterNo,
    pub(in crate::ui) settings: Settings,
    /// Whether it is on the screen.
    pub(in crate::ui) shown: bool,
    /// Its configured managers.
    pub managers: Vec<ManagerLine>,
    pub(in crate::ui) elsewhere: Option<Elsewhere>,
    /// The names of all clusters, for the palette.
    pub(in crate::ui) siblings: Vec<String>,
    /// An action is in flight in another cluster.
    pub(in crate::ui) busy_elsewhere: bool,
    pub(in crate::ui) requests: Vec<Request>,
    /// The model that is drawn.
    pub scene: Model,
    /// The live model while the screen is paused.
    pub(in crate::ui) live: Option<Box<Store>>,
    pub(in crate::ui) paused_at: Option<Timestamp>,
    pub(in crate::ui) generation: Generation,
    /// The connection.
    pub link: LinkState,
    /// The endpoint that was live last.
    pub(in crate::ui) through: Option<String>,
    /// The manager's clock minus ours.
    pub skew: i64,
    /// When the Swarm was last heard, by our clock.
    pub last_heard: Option<Timestamp>,
    /// Our clock.
    pub now: Timestamp,

    /// The view on the screen.
    pub view: View,
    pub(in crate::ui) back: Vec<(View, TaskScope)>,
    pub(in crate::ui) pane: Pane,
    pub(in crate::ui) zoomed: bool,
    /// The bottom pane of the Overview shows logs instead of events.
    pub(in crate::ui) bottom_logs: bool,
    pub(in crate::ui) tasks_of_node: bool,
    pub(in crate::ui) scope: TaskScope,
    pub(in crate::ui) built_scope: TaskScope,
    pub(in crate::ui) unfolded: bool,

    pub(in crate::ui) order: Order,
    /// Panes as they were dragged.
    pub(in crate::ui) split: Split,
    /// The last hour.
    pub(in crate::ui) trend: Trend,
    pub(in crate::ui) services: Table<ServiceId>,
    pub(in crate::ui) nodes: Table<NodeId>,
    pub(in crate::ui) tasks: Table<TaskRow>,
    pub(in crate::ui) events: Table<EventRow>,
    pub(in crate::ui) problem_rows: Table<ProblemRow>,
    pub(in crate::ui) triage: Triage,
    /// The last lines of the task that is shown as evidence.
    pub(in crate::ui) last_lines: Option<(TaskId, Result<Vec<LogFrame>, String>)>,
    pub(in crate::ui) last_lines_of: Option<TaskId>,
    /// A report whose logs are being read.
    pub(in crate::ui) pending_report: Option<PendingReport>,
    /// State of the detail below the problems.
    pub(in crate::ui) detail: Detail,
    /// The cost of watching, as last reported.
    pub(in crate::ui) usage: Option<Box<Usage>>,
    /// The performance of skep itself.
    pub(in crate::ui) performance: Option<Performance>,
    /// Filter of the events.
    pub(in crate::ui) event_filter: EventFilter,
    pub(in crate::ui) log: Option<LogPane>,

    pub(in crate::ui) popups: Vec<Popup>,
    pub(in crate::ui) follows: Vec<Follow>,
    pub(in crate::ui) pending: Option<(Token, Pending)>,
    /// Services being read to learn what became of a write.
    pub(in crate::ui) reading_back: Option<Token>,
    pub(in crate::ui) read_back_at: Timestamp,
    /// When an open page was last read again.
    pub(in crate::ui) page_read: Timestamp,
    pub(in crate::ui) toast: Option<Toast>,
    /// Commands of the palette, the latest first.
    pub(in crate::ui) recent: Vec<String>,
    pub(in crate::ui) next_token: u64,
    pub(in crate::ui) watched: Vec<ServiceId>,
    pub(in crate::ui) effects: Vec<Effect>,
    /// When the session was last told that someone is here.
    attended: Timestamp,
    /// When `y` was last pressed, for whatever it was.
    pub(in crate::ui) last_y: Timestamp,
    /// Something was heard since state was derived.
    pub(in crate::ui) has_news: bool,
    /// The model's revision when it last did, and whether it flowed.
    pub(in crate::ui) derived: (u64, bool),
    /// Something that is drawn changed.
    pub(in crate::ui) dirty: bool,
}

impl Board {
    /// A board that has heard nothing yet.
    pub(in crate::ui) fn new(
        no: ClusterNo,
        settings: Settings,
        endpoint: String,
        now: Timestamp,
    ) -> Self {
        let view = settings.view;
        let mut services = Table::ordered(Sorting::By(services::titles));
        let mut nodes = Table::ordered(Sorting::By(nodes::titles));
        (services.can_be_marked, nodes.can_be_marked) = (true, true);
        // By name and slot; the others begin with what is worst.
        let mut tasks = Table::ordered(Sorting::By(tasks::titles));
        tasks.sort = tasks::BY_NAME;
        let problem_rows = Table::ordered(Sorting::Fixed("what hurts most is first"));
        let triage = Triage::new(settings.thresholds.clone());
        Self {
            no,
            settings,
            shown: false,
            managers: Vec::new(),
            elsewhere: None,
            siblings: Vec::new(),
            busy_elsewhere: false,
            requests: Vec::new(),
            scene: Model { now, ..Model::default() },
            live: None,
            paused_at: None,
            generation: Generation::default(),
            link: LinkState::Connecting { endpoint },
            through: None,
            skew: 0,
            last_heard: None,
            now,
            view,
            back: Vec::new(),
            pane: Pane::Services,
            zoomed: false,
            bottom_logs: false,
            tasks_of_node: false,
            scope: TaskScope::All,
            built_scope: TaskScope::All,
            unfolded: false,
            order: Order::default(),
            split: Split::default(),
            trend: Trend::default(),
            services,
            nodes,
            tasks,
            events: Table::newest_last(),
            problem_rows,
            triage,
            last_lines: None,
            last_lines_of: None,
            pending_report: None,
            detail: Detail::default(),
            usage: None,
            performance: None,
            event_filter: EventFilter::default(),
            log: None,
            popups: Vec::new(),
            follows: Vec::new(),
            pending: None,
            reading_back: None,
            read_back_at: Timestamp::NEVER,
            page_read: Timestamp::NEVER,
            toast: None,
            recent: Vec::new(),
            next_token: 1,
            watched: Vec::new(),
            effects: Vec::new(),
            attended: Timestamp::NEVER,
            last_y: Timestamp::NEVER,
            has_news: false,
            derived: (0, false),
            dirty: true,
        }
    }

    /// Takes in what happened, and derives what follows.
    pub(in crate::ui) fn update(&mut self, what: Input, now: Timestamp) {
        self.now = now;
        if matches!(what, Input::Tick) {
            let store = self.live.as_deref().unwrap_or(&self.scene.store);
            self.trend.note(store, now.shifted(self.skew));
        }
        match what {
            Input::Key(key) => {
                self.attend(now);
                self.pass_toast();
                self.key(&key);
            }
            Input::Paste(text) => self.paste(&text),
            Input::Pointed => self.attend(now),
            Input::Tick if self.shows_stats() || self.shows_help() => {
                self.command(Command::Usage);
            }
            Input::Tick => {}
        }
        self.dirty = true;
        self.derive(now);
    }

    /// Someone is there: whoever presses one key may press ten a second.
    fn attend(&mut self, now: Timestamp) {
        if self.attended.age(now) >= ATTENTION {
            self.attended = now;
            self.command(Command::Attend);
        }
    }

    /// Takes in what the session told. More may follow before state is derived.
    pub(in crate::ui) fn hear(&mut self, event: Event, now: Timestamp) {
        self.now = now;
        self.has_news = true;
        // Most of what is heard says that nothing changed: that is no reason to draw.
        self.dirty |= !matches!(event, Event::Heard(..));
        self.session_event(event);
    }

    /// Notes that the screen was drawn.
    pub(in crate::ui) fn drawn(&mut self, now: Timestamp) {
        if let Some(Popup::Plan(plan)) = self.popups.last_mut() {
            plan.drawn.get_or_insert(now);
        }
    }

    /// Whether something was heard since state was derived.
    pub(in crate::ui) fn has_news(&self) -> bool {
        self.has_news
    }

    /// Takes the effects to be carried out outside.
    pub(in crate::ui) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Shows it on the screen, or hides it.
    pub(in crate::ui) fn show(&mut self, shown: bool, now: Timestamp) {
        self.shown = shown;
        self.update(Input::Tick, now);
    }

    /// Hands a command to the session.
    pub(in crate::ui) fn command(&mut self, command: Command) {
        self.effects.push(Effect::Session(self.no, command));
    }

    /// Whether what watching costs is on the screen.
    pub(in crate::ui) fn shows_stats(&self) -> bool {
        let is_stats = |o: &Popup| matches!(o, Popup::Page(p) if matches!(p.kind, PageKind::Stats));
        self.popups.iter().any(is_stats)
    }

    /// Opens the help for the keys of a context.
    pub(in crate::ui) fn open_help(&mut self, context: Context) {
        self.command(Command::Usage);
        self.requests.push(Request::HelpUsed);
        self.popups.push(Popup::Help(Help::new(context)));
    }

    fn shows_help(&self) -> bool {
        self.popups.iter().any(|o| matches!(o, Popup::Help(_)))
    }

    /// Opens the page of what watching costs.
    pub(in crate::ui) fn open_stats(&mut self) {
        self.command(Command::Usage);
        self.popups.push(Popup::Page(Page::new("What it costs".into(), PageKind::Stats)));
    }

    /// Whether an action is in flight.
    pub(in crate::ui) fn is_busy(&self) -> bool {
        self.follows.iter().any(|f| !f.is_over())
    }

    /// Whether something that is drawn changed since this was last asked.
    pub(in crate::ui) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// All problems, the worst first.
    pub fn problems(&self) -> &[Arc<Problem>] {
        self.triage.problems()
    }

    /// Problems that ask for a human, the worst first.
    pub(in crate::ui) fn loud(&self) -> impl Iterator<Item = &Problem> {
        self.problems().iter().map(|p| &**p).filter(|p| p.is_loud())
    }

    pub(in crate::ui) fn token(&mut self) -> Token {
        self.next_token += 1;
        Token(self.next_token)
    }

    /// The pane that has the keyboard, also in a full-size view.
    pub(in crate::ui) fn focus(&self) -> Pane {
        match self.view {
            View::Overview => self.pane,
            View::Services => Pane::Services,
            View::Nodes => Pane::Nodes,
            View::Tasks => Pane::Tasks,
            View::Events | View::Problems => Pane::Events,
            View::Logs => Pane::Logs,
        }
    }
}
