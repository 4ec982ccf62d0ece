//! The screens of a cluster, and those of all clusters together, made from the lists of kinds.

use crate::ui::screen::{
    Screen,
    kinds::{TogetherView, View, kinds, together},
    overview::Overview,
    tasks::TaskScope,
};

macro_rules! screens {
    ($($(#[$when:meta])* $view:ident: $module:ident, $name:literal, $aliases:tt, $keys:tt;)*) => {
        /// The screens of a cluster, and which of them is shown.
        pub(in crate::ui) struct Screens {
            pub view: View,
            /// The views that Esc leads back through.
            pub back: Vec<(View, TaskScope)>,
            pub overview: Overview,
            $($(#[$when])* pub $module: crate::ui::screen::$module::$view,)*
        }

        impl Screens {
            /// The screens as they are at the start.
            pub fn new(view: View) -> Self {
                Self {
                    view,
                    back: Vec::new(),
                    overview: Overview::default(),
                    $($(#[$when])* $module: crate::ui::screen::$module::$view::default(),)*
                }
            }

            /// A screen, or of the Overview the pane that has the keyboard.
            pub fn get(&self, view: View) -> &dyn Screen {
                match view {
                    View::Overview => self.get(self.overview.pane()),
                    $($(#[$when])* View::$view => &self.$module,)*
                }
            }

            /// As [`Screens::get`], to be changed.
            pub fn get_mut(&mut self, view: View) -> &mut dyn Screen {
                match view {
                    View::Overview => self.get_mut(self.overview.pane()),
                    $($(#[$when])* View::$view => &mut self.$module,)*
                }
            }
        }
    };
}

kinds!(screens);

macro_rules! all_together {
    ($($over:ident: $module:ident, $name:literal, $aliases:tt;)*) => {
        /// The screens of all clusters together, and which of them lies over those of the cluster.
        #[derive(Default)]
        pub(in crate::ui) struct Together {
            pub over: Option<TogetherView>,
            $(pub $module: crate::ui::screen::$module::$over,)*
        }

        impl Together {
            /// The one that lies over the screens of the cluster.
            pub fn screen(&self) -> Option<&dyn Screen> {
                match self.over? {
                    $(TogetherView::$over => Some(&self.$module),)*
                }
            }

            /// As [`Together::screen`], to be changed.
            pub fn screen_mut(&mut self) -> Option<&mut dyn Screen> {
                match self.over? {
                    $(TogetherView::$over => Some(&mut self.$module),)*
                }
            }
        }
    };
}

together!(all_together);
