//! Themes, the palette, and keys the user chose.

use std::{fmt::Write, sync::Arc};

use ratatui::{
    buffer::Buffer,
    style::{Color, Style},
};
use skep::{
    config::{Borders, Depth, TerminalColours, Themes},
    ui::{Appearance, KeyChange, Keymap, OpenCluster, Opening},
};

use crate::{
    cluster_fixture::{cluster, shop},
    driver::Driver,
};

fn background(driver: &Driver) -> Color {
    driver.buffer(120, 40)[(3, 38)].bg
}

#[test]
fn a_theme_is_tried_on_and_given_back_or_kept() {
    let mut driver = Driver::new(&shop(), false);
    let own = background(&driver);
    let nord = Color::Rgb(0x2e, 0x34, 0x40);
    driver.keys(":theme no");
    assert_eq!(background(&driver), nord, "as it is typed");
    driver.keys("<esc>");
    assert_eq!(background(&driver), own, "back without a trace");
    driver.keys(":theme <down><down>");
    assert_ne!(background(&driver), own, "as one goes through them");
    driver.keys("<up><up><up><esc>:theme nord<enter>");
    assert_eq!(background(&driver), nord);
    assert!(driver.screen(120, 40).contains("theme = \"nord\" in the config file keeps it"));
    driver.keys(":theme nope<enter>");
    assert!(driver.screen(120, 40).contains("no theme 'nope'"));
    driver.keys("<esc>");
    assert_eq!(background(&driver), nord);
}

#[test]
fn the_palette_knows_what_was_used_last_and_tells_the_key() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys(":nodes<enter>");
    assert!(driver.screen(120, 40).contains("next time, 3 does that"));
    driver.keys(":logs shop_db<enter>:");
    let screen = driver.screen(120, 40);
    let again: Vec<&str> = screen.lines().filter(|l| l.contains(" again ")).collect();
    assert!(again[0].contains("› logs shop_db") && again[1].contains("nodes"), "{screen}");
    driver.keys("<down><enter>");
    assert!(driver.screen(120, 40).contains("╭ Nodes"));
}

#[test]
fn keys_of_ones_own_are_what_is_shown_and_what_works() {
    let keys = [("scale", vec!["F5".to_owned()]), ("help", vec!["s".to_owned()])];
    let changes = keys.each_ref().map(|(action, keys)| KeyChange { context: None, action, keys });
    let keymap = Keymap::new(None, &changes).unwrap();
    let opening = Opening { keymap: Arc::new(keymap), ..Opening::default() };
    let mut driver = Driver::opened(opening, vec![OpenCluster::default()]);
    driver.connect(0);
    let mut deltas = vec![skep::cluster::Delta::Cluster(shop().info())];
    deltas.extend(shop().deltas(1));
    driver.heard(deltas);
    assert!(driver.screen(120, 40).contains(" help s"), "{}", driver.screen(120, 40));
    driver.keys("?");
    assert!(!driver.screen(120, 40).contains("Help ·"));
    driver.keys("s");
    assert!(driver.screen(120, 40).contains("Help ·"));
}

#[test]
fn the_keys_of_the_example_are_good_ones() {
    let example: String = skep::config::EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("#: ").unwrap_or(line).to_owned() + "\n")
        .collect();
    let file = skep::config::ConfigFile::parse(&example).unwrap();
    assert!(file.keys.changes.len() > 1 && file.keys.preset.is_some());
    skep::commands::keymap(&file.keys).unwrap();
}

/// The colours of a screen: a letter a style, with how many cells it goes on for.
fn colours(buffer: &Buffer) -> String {
    let mut styles: Vec<Style> = Vec::new();
    let mut out = String::new();
    for row in buffer.content.chunks(buffer.area.width as usize) {
        for run in row.chunk_by(|a, b| a.style() == b.style()) {
            let style = run[0].style();
            let at = styles.iter().position(|s| *s == style).unwrap_or_else(|| {
                styles.push(style);
                styles.len() - 1
            });
            let letter = char::from_u32(u32::from(b'A') + at as u32).unwrap();
            let _ = write!(out, "{letter}{}", run.len());
        }
        out.push('\n');
    }
    let hex = |colour: Option<Color>| match colour {
        Some(Color::Rgb(r, g, b)) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => "-".to_owned(),
    };
    for (at, style) in styles.iter().enumerate() {
        let letter = char::from_u32(u32::from(b'A') + at as u32).unwrap();
        let more = style.add_modifier;
        let _ = writeln!(out, "{letter} {} on {} {more:?}", hex(style.fg), hex(style.bg));
    }
    out
}

#[test]
fn borders_are_round_or_plain() {
    for (borders, corner) in [(Borders::Rounded, "╭ Nodes"), (Borders::Plain, "┌ Nodes")] {
        let appearance = Appearance { borders, ..Appearance::default() };
        let opening = Opening { appearance, ..Opening::default() };
        let mut driver = Driver::opened(opening, vec![OpenCluster::default()]);
        driver.connect(0);
        driver.keys("3");
        assert!(driver.screen(80, 24).contains(corner), "{}", driver.screen(80, 24));
    }
    let file = skep::config::ConfigFile::parse("borders = \"plain\"").unwrap();
    assert_eq!(file.borders, Borders::Plain);
    let wrong = skep::config::ConfigFile::parse("\nborders = \"thick\"").unwrap_err();
    assert!(wrong.0 == 2 && wrong.1.contains("plain"), "{wrong:?}");
}

#[test]
fn all_views_in_two_themes() {
    let themes = Themes::embedded(TerminalColours { depth: Depth::True, dark: None });
    for name in ["dark", "light"] {
        let appearance = Appearance {
            theme: themes.get(Some(name)).unwrap(),
            themes: Arc::new(themes.clone()),
            ..Appearance::default()
        };
        let opening = Opening { appearance, ..Opening::default() };
        let mut driver = Driver::opened(opening, vec![OpenCluster::default()]);
        driver.connect(0);
        let mut deltas = vec![skep::cluster::Delta::Cluster(shop().info())];
        deltas.extend(shop().deltas(1));
        driver.heard(deltas);
        for (view, keys) in ["1", "2", "3", "4", "5", "6", "7", "8", "8w"].iter().enumerate() {
            driver.keys(keys);
            driver.later(0);
            for (width, height) in [(80, 24), (120, 40), (200, 60)] {
                let shot = format!("colours_{name}_{}_{width}x{height}", view + 1);
                insta::assert_snapshot!(shot, colours(&driver.buffer(width, height)));
            }
        }
    }
}

#[test]
fn help_is_pointed_to_until_it_was_used() {
    let path = std::path::PathBuf::from("/state/help-used");
    let opening = Opening { hint: Some(path.clone()), ..Opening::default() };
    let mut driver = Driver::opened(opening, vec![OpenCluster::default()]);
    assert!(driver.screen(80, 24).contains("every key: ?"));
    driver.keys("?<esc>");
    assert!(!driver.screen(80, 24).contains("every key"));
    let made = driver
        .effects
        .iter()
        .any(|e| matches!(e, skep::ui::Effect::Write { path: p, fresh: true, .. } if *p == path));
    assert!(made, "and not again the next time");
}

#[test]
fn the_palette_takes_nodes_by_name() {
    let mut driver = Driver::new(&shop(), false);
    driver.keys(":drain no");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("drain node-4") && !screen.contains("drain mgr-1"), "{screen}");
    driver.keys("<enter>");
    assert!(driver.screen(120, 40).contains("drain node-4 …"), "{}", driver.screen(120, 40));
    driver.keys("<esc>:blast mgr-1<enter>");
    assert!(driver.screen(120, 40).contains("What dies with mgr-1?"));
    driver.keys("<esc>:node mgr-2<enter>");
    assert!(driver.screen(120, 40).contains("node mgr-2"));
    driver.keys("<esc>:demote nobody<enter>");
    assert!(driver.screen(120, 40).contains("no node 'nobody'"));
    let mut driver = Driver::new(&shop(), true);
    driver.keys(":drain node-4<enter>");
    assert!(driver.screen(120, 40).contains("read-only"));
}

#[test]
fn the_palette_tells_long_names_apart() {
    let mut c = cluster().manager("m1");
    for place in ["eu-west", "us-east"] {
        c = c.service(&format!("payments-production_checkout-gateway-{place}"), 1);
    }
    for width in [120, 80] {
        let mut driver = Driver::new(&c, false);
        driver.keys(":scale pay");
        let screen = driver.screen(width, 24);
        assert!(screen.contains("-eu-west ") && screen.contains("-us-east "), "{screen}");
    }
}
