//! The mouse: what it points at, drills into, scrolls and drags.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use skep::ui::Msg;

use crate::{cluster_fixture::shop, driver::Driver};

impl Driver {
    fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16), size: (u16, u16)) {
        // As a person has it: drawn before, and drawn after.
        self.screen(size.0, size.1);
        let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        let screen = Rect::new(0, 0, size.0, size.1);
        let effects = self.app.update(Msg::Mouse(event, screen), self.now);
        self.effects.extend(effects);
    }

    fn click(&mut self, at: (u16, u16), size: (u16, u16)) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), at, size);
        self.mouse(MouseEventKind::Up(MouseButton::Left), at, size);
    }

    /// The first place of a text.
    fn find(&self, said: &str, size: (u16, u16)) -> (u16, u16) {
        let screen = self.screen(size.0, size.1);
        let (row, line) = screen.lines().enumerate().find(|(_, l)| l.contains(said)).expect(said);
        let before = &line[..line.find(said).unwrap()];
        (before.chars().count() as u16, row as u16)
    }

    fn cursor(&self, size: (u16, u16)) -> String {
        let screen = self.screen(size.0, size.1);
        screen.lines().find(|l| l.contains('›')).unwrap_or("").to_owned()
    }
}

const LARGE: (u16, u16) = (140, 44);

#[test]
fn a_click_puts_the_cursor_there_and_two_drill_down() {
    let mut driver = Driver::new(&shop(), false);
    let at = driver.find("shop_db", LARGE);
    driver.click(at, LARGE);
    assert!(driver.cursor(LARGE).contains("shop_db"));
    assert!(driver.screen(140, 44).contains("Tasks of shop_db"));
    let node = driver.find("mgr-3", LARGE);
    driver.click(node, LARGE);
    assert!(driver.screen(140, 44).contains("Tasks on mgr-3"), "{}", driver.screen(140, 44));
    driver.click(node, LARGE);
    assert!(driver.screen(140, 44).contains("╭ Tasks on mgr-3"), "{}", driver.screen(140, 44));
    assert!(!driver.screen(140, 44).contains("╭ Nodes"), "full size now");
}

#[test]
fn slow_clicks_are_two() {
    let mut driver = Driver::new(&shop(), false);
    let at = driver.find("shop_db", LARGE);
    driver.click(at, LARGE);
    driver.later(1);
    driver.click(at, LARGE);
    assert!(driver.screen(140, 44).contains("╭ Services"));
}

#[test]
fn an_edge_is_dragged() {
    let mut driver = Driver::new(&shop(), false);
    let top = |d: &Driver| d.find("╭ Tasks", LARGE).1;
    let (was, column) = (top(&driver), driver.find("╭ Nodes", LARGE).0);
    driver.mouse(MouseEventKind::Down(MouseButton::Left), (20, was), LARGE);
    driver.mouse(MouseEventKind::Drag(MouseButton::Left), (20, was + 5), LARGE);
    driver.mouse(MouseEventKind::Up(MouseButton::Left), (20, was + 5), LARGE);
    assert_eq!(top(&driver), was + 5);
    driver.mouse(MouseEventKind::Down(MouseButton::Left), (column, 6), LARGE);
    driver.mouse(MouseEventKind::Drag(MouseButton::Left), (column - 20, 6), LARGE);
    driver.mouse(MouseEventKind::Up(MouseButton::Left), (column - 20, 6), LARGE);
    assert_eq!(driver.find("╭ Nodes", LARGE).0, column - 20);
    // Nowhere it is dragged takes a pane away.
    for to in [(0, 0), (139, 43), (500, 500)] {
        for from in [(20, top(&driver)), (driver.find("╭ Nodes", LARGE).0, 6)] {
            driver.mouse(MouseEventKind::Down(MouseButton::Left), from, LARGE);
            driver.mouse(MouseEventKind::Drag(MouseButton::Left), to, LARGE);
            driver.mouse(MouseEventKind::Up(MouseButton::Left), to, LARGE);
            for pane in ["╭ Services", "╭ Nodes", "╭ Tasks", "╭ Events"] {
                assert!(driver.screen(140, 44).contains(pane), "{pane} after {to:?}");
            }
            driver.screen(80, 24);
        }
    }
}

#[test]
fn tabs_and_wheel_on_a_small_screen() {
    let small = (80, 24);
    let mut driver = Driver::new(&shop(), false);
    let tab = driver.find("Nodes  ", small);
    driver.click(tab, small);
    assert!(driver.screen(80, 24).contains("▸Nodes"));
    driver.keys("2");
    let at = driver.find("shop_db", small);
    driver.mouse(MouseEventKind::ScrollDown, at, small);
    let last = driver.cursor(small);
    driver.keys("G");
    assert_eq!(driver.cursor(small), last, "four rows are one notch and one");
    driver.keys("?");
    let before = driver.screen(80, 24);
    driver.mouse(MouseEventKind::ScrollDown, at, small);
    assert_ne!(driver.screen(80, 24), before, "a page is scrolled");
}

#[test]
fn nowhere_does_a_click_do_harm() {
    let mut rng = fastrand::Rng::with_seed(9);
    let mut driver = Driver::new(&shop(), false);
    let kinds = [
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollUp,
    ];
    for _ in 0..3_000 {
        let size = (rng.u16(1..200), rng.u16(1..60));
        let at = (rng.u16(0..=size.0), rng.u16(0..=size.1));
        driver.mouse(*rng.choice(&kinds).unwrap(), at, size);
        if rng.u8(..) < 30 {
            driver.keys(rng.choice(["1", "2", "3", "4", "5", "7", "8", "<tab>", "<esc>"]).unwrap());
        }
    }
    let wrote = driver.effects.iter().any(|e| format!("{e:?}").contains("CarryOut"));
    assert!(!wrote);
}
