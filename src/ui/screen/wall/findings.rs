//! Problems, readable from afar as far as there is room.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    config::Slot,
    triage::{Began, Problem},
    ui::{
        app::cluster::Cluster,
        screen::{problems::words, wall::draw::all_well},
        widget::{big, text},
    },
};

/// Above so many rows there is room for the cause, too.
const TALL: u16 = 20;

/// One of them.
struct ProblemBlock {
    name: String,
    /// The name is drawn large.
    large: bool,
    lines: Vec<Line<'static>>,
}

impl ProblemBlock {
    fn of(cluster: &Cluster, problem: &Problem, area: Rect) -> Self {
        let width = area.width as usize;
        let style = cluster.style(words::slot(problem.severity));
        let since = if problem.since != Began::Unknown {
            format!("{:>4}", problem.since.short(cluster.model.now))
        } else {
            "    ".into()
        };
        let news = words::news(problem, cluster.model.now);
        let message = format!("{news}{}", text::clean(&problem.message));
        let parts = text::wrapped(&message, width.saturating_sub(9)).enumerate();
        let mut lines: Vec<Line<'static>> = parts
            .map(|(at, part)| match at {
                0 => format!("{} {since}  {part}", words::glyph(problem.severity)),
                _ => format!("        {part}"),
            })
            .map(|said| Line::styled(said, style))
            .collect();
        let why = text::clean(&problem.why).into_owned();
        if !why.is_empty() && area.height > TALL {
            let said = format!("        {}", text::cut(&why, width.saturating_sub(8)));
            lines.push(Line::styled(said, cluster.style(Slot::Dim)));
        }
        let name = text::clean(&problem.object).into_owned();
        Self { name, large: false, lines }
    }

    /// Rows it takes with the empty one below it.
    fn height(&self) -> u16 {
        self.lines.len() as u16 + 1 + if self.large { big::NAME } else { 0 }
    }
}

/// Problems, the worst first and largest, with their time and cause.
pub(in crate::ui) fn draw(cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
    let loud: Vec<_> = cluster.loud().take(area.height as usize).collect();
    if loud.is_empty() {
        let store = cluster.model.live();
        let said = match (store.is_loaded(), store.unread().unjudged()) {
            (false, _) => "reading the tasks…".to_owned(),
            (true, None) => "✓ nothing is wrong".to_owned(),
            (true, Some(parts)) => format!("✓ nothing is wrong in what is told; {parts} unknown"),
        };
        return all_well(cluster, frame, area, &said);
    }
    let mut blocks: Vec<ProblemBlock> =
        loud.iter().map(|p| ProblemBlock::of(cluster, p, area)).collect();
    let all = cluster.loud().count();
    let (mut shown, mut free) = fitting(&blocks, area.height + 1);
    if shown < all {
        // The empty row below the last one tells how many more there are.
        (shown, free) = fitting(&blocks, area.height);
    }
    blocks.truncate(shown);
    // The first may be large if that costs none of the others its place.
    for block in blocks.iter_mut().take_while(|_| shown == all) {
        block.large = !cluster.settings.appearance.ascii && big::is_name(&block.name);
        let Some(left) = free.checked_sub(if block.large { big::NAME } else { 0 }) else {
            block.large = false;
            break;
        };
        free = left;
    }
    let mut large = blocks.iter().filter(|block| block.large);
    let wide = large.all(|block| big::is_wide(&block.name, area.width));
    let mut y = area.y;
    for (block, problem) in blocks.iter().zip(&loud) {
        let style = cluster.style(words::slot(problem.severity));
        if block.large {
            let place = Rect { y, height: big::NAME, ..area }.intersection(area);
            big::name(&block.name, wide, place, frame.buffer_mut(), style);
            y += big::NAME;
        }
        for line in &block.lines {
            frame.render_widget(line, Rect { y, height: 1, ..area }.intersection(area));
            y += 1;
        }
        y += 1;
    }
    if shown < all {
        let more = format!("        and {} more", all - shown);
        let place = Rect { y: y.saturating_sub(1).max(area.y), height: 1, ..area };
        frame.render_widget(Line::styled(more, cluster.style(Slot::Dim)), place);
    }
}

/// Number of problems that fit, and the rows that are left.
fn fitting(blocks: &[ProblemBlock], mut free: u16) -> (usize, u16) {
    let has_room = |block: &&ProblemBlock| {
        let left = free.checked_sub(block.height());
        free = left.unwrap_or(free);
        left.is_some()
    };
    let shown = blocks.iter().take_while(has_room).count();
    (shown, free)
}
