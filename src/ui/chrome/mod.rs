//! Header, strip and footer of every screen, and the frames of panes and boxes.

pub(in crate::ui) mod footer;
pub(in crate::ui) mod header;
pub(in crate::ui) mod pane;

pub(in crate::ui) use header::tiny;
pub(in crate::ui) use pane::{
    clear, empty, frame_of, missed, nodes_ready, popup, rows, rows_of, title, unknown,
};
