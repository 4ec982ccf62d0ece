//! A throw-away kind: this file and its line in [`super::kinds`] are all that a new screen takes.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    cluster::Subject,
    ui::{
        app::cluster::Cluster,
        screen::{Cx, Screen},
        table::rows::Rows,
    },
};

#[derive(Default)]
pub(in crate::ui) struct Fixture;

impl Screen for Fixture {
    fn refresh(&mut self, _: Cx<'_>) {}

    fn draw(&self, _: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        frame.render_widget(Line::from("the fixture is drawn"), area);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        None
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        None
    }

    fn subject(&self, _: &Cluster) -> Option<Subject> {
        None
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use ratatui::{Terminal, backend::TestBackend};

    use crate::{
        cluster::Timestamp,
        ui::{App, Msg, OpenCluster, Opening, View, draw},
    };

    const NOW: Timestamp = Timestamp::from_nanos(1_000_000_000);

    fn app() -> App {
        App::new(Opening::default(), vec![OpenCluster::default()], NOW)
    }

    fn press(app: &mut App, code: KeyCode) {
        app.update(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)), NOW);
    }

    fn screen(app: &App) -> String {
        let mut terminal = Terminal::new(TestBackend::new(100, 60)).unwrap();
        terminal.draw(|frame| draw(app, frame)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn a_new_kind_is_one_file_and_one_line() {
        assert_eq!(View::named("fixture"), Some(View::Fixture));
        assert_eq!(View::named("FX"), Some(View::Fixture));
        // By its key.
        let mut by_key = app();
        press(&mut by_key, KeyCode::F(12));
        assert!(screen(&by_key).contains("the fixture is drawn"));
        // In the help, with its key.
        let mut helped = app();
        press(&mut helped, KeyCode::Char('?'));
        assert!(screen(&helped).contains("F12  Fixture"), "{}", screen(&helped));
        // By its name and its alias, from the palette.
        for command in [":fixture", ":fx"] {
            let mut by_name = app();
            command.chars().for_each(|c| press(&mut by_name, KeyCode::Char(c)));
            press(&mut by_name, KeyCode::Enter);
            assert!(screen(&by_name).contains("the fixture is drawn"), "{command}");
        }
    }
}
