//! The versions of all nodes compared: engine, kernel, system, and what most nodes do not have.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::{
    cluster::{Part, SHORT_VERSIONS, VERSION_HEAD, version_matrix},
    config::Slot,
    text::count,
    ui::{
        app::cluster::Cluster, chrome::unknown, popup::describe::Sheet, table::order::natural,
        widget::text,
    },
};

/// From so many columns on no version is cut.
const WIDE: usize = 120;
/// Columns before the names of nodes.
const INDENT: usize = 3;

/// The page's lines.
pub(in crate::ui) fn lines(cluster: &Cluster, width: usize) -> Vec<Line<'static>> {
    let document = &Value::Null;
    let mut page = Sheet { cluster, document, reveal: false, lines: Vec::new(), width };
    page.versions();
    page.lines
}

impl Sheet<'_> {
    fn versions(&mut self) {
        let model = &self.cluster.model;
        if !model.store.nodes_known() {
            let why = unknown(self.cluster, Part::Nodes);
            return self.say(&why.unwrap_or_else(|| "nodes are being read…".into()));
        }
        let mut nodes: Vec<_> = model.store.nodes().collect();
        nodes.sort_by(|a, b| natural(&a.hostname, &b.hostname).then_with(|| a.id.cmp(&b.id)));
        let rows = version_matrix(nodes.iter().map(|n| (&*n.hostname, model.versions(n))));
        let longest = if self.width < WIDE { SHORT_VERSIONS } else { [usize::MAX; 5] };
        let table: Vec<_> = rows.iter().map(|row| row.said(longest)).collect();
        let wide = |at: usize| {
            let cells = table.iter().map(|cells| text::width(&cells[at].0));
            cells.chain([VERSION_HEAD[at].len()]).max().unwrap_or(0)
        };
        let widths = [0, 1, 2, 3, 4, 5].map(wide);
        let line = |cells: [(&str, Slot); 6]| {
            let mut spans = vec![Span::raw(" ")];
            for ((cell, slot), width) in cells.into_iter().zip(widths) {
                let pad = " ".repeat(width.saturating_sub(text::width(cell)) + 2);
                spans.push(Span::styled(format!("{cell}{pad}"), self.cluster.style(slot)));
            }
            Line::from(spans)
        };
        let mut lines = vec![line(VERSION_HEAD.map(|title| (title, Slot::Dim)))];
        for (row, cells) in rows.iter().zip(&table) {
            let cell = |at: usize| {
                let (said, is_odd) = &cells[at];
                let slot = match said.as_str() {
                    _ if *is_odd => Slot::Warn,
                    "?" => Slot::Dim,
                    _ => Slot::Text,
                };
                (said.as_str(), slot)
            };
            lines.push(line([0, 1, 2, 3, 4, 5].map(cell)));
            let names = text::clean(&row.nodes.join(" ")).into_owned();
            for names in text::wrapped(&names, self.width.saturating_sub(INDENT).max(20)) {
                let said = format!("{}{names}", " ".repeat(INDENT));
                lines.push(Line::styled(said, self.cluster.style(Slot::Dim)));
            }
        }
        if rows.iter().any(|row| row.cells.iter().any(|cell| cell.is_odd)) {
            let said = " ! most nodes have another one";
            lines.extend([Line::default(), Line::styled(said, self.cluster.style(Slot::Warn))]);
        }
        self.lines.append(&mut lines);
        let unread = nodes.iter().filter(|node| model.versions(node)[1].is_none()).count();
        if unread > 0 {
            self.lines.push(Line::default());
            let told = match self.cluster.settings.logs_in_to_nodes {
                true => {
                    "those of the first 50 nodes are read now, as far as they are within reach: d on a node says why not"
                }
                false => {
                    "d on a node reaches it, and this page all of them if [nodes] in the config file says how: \
                     'skep help nodes'"
                }
            };
            self.say(&format!(
                "? of {}: a Swarm knows the engine's version, and only a node's own engine the rest; {told}",
                count(unread, "node", "nodes")
            ));
        }
    }
}
