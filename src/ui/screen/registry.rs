//! The screens of a cluster, made from the list of kinds.

use crate::ui::screen::{
    Screen, events,
    kinds::{View, kinds},
    logs, nodes,
    overview::Overview,
    problems, services,
    tasks::{self, TaskScope},
};

macro_rules! screens {
    ($($view:ident: $module:ident, $name:literal, $aliases:tt, $keys:tt;)*) => {
        /// The screens of a cluster, and which of them is shown.
        pub(in crate::ui) struct Screens {
            pub view: View,
            /// The views that Esc leads back through.
            pub back: Vec<(View, TaskScope)>,
            pub overview: Overview,
            $(pub $module: $module::$view,)*
        }

        impl Screens {
            /// The screens as they are at the start.
            pub fn new(view: View) -> Self {
                Self {
                    view,
                    back: Vec::new(),
                    overview: Overview::default(),
                    $($module: $module::$view::default(),)*
                }
            }

            /// A screen, or of the Overview the pane that has the keyboard.
            pub fn get(&self, view: View) -> &dyn Screen {
                match view {
                    View::Overview => self.get(self.overview.pane()),
                    $(View::$view => &self.$module,)*
                }
            }

            /// As [`Screens::get`], to be changed.
            pub fn get_mut(&mut self, view: View) -> &mut dyn Screen {
                match view {
                    View::Overview => self.get_mut(self.overview.pane()),
                    $(View::$view => &mut self.$module,)*
                }
            }
        }
    };
}

kinds!(screens);
