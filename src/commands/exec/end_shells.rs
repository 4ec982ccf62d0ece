//! The end of skep waits for the shells that it started.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    commands::output::complain,
    session::{OpenShells, ShellFact, ShellNews},
    ui::Ends,
};

/// Waits until they are ended, but not for ever, and tells of those that may still run. A signal ends the
/// wait.
pub(in crate::commands) async fn end_shells(
    shells: OpenShells,
    mut news: mpsc::UnboundedReceiver<ShellNews>,
    patience: Duration,
) {
    let enough = async {
        let Ok(mut ends) = Ends::new() else { return tokio::time::sleep(patience).await };
        tokio::select! {
            _ = ends.next() => {}
            () = tokio::time::sleep(patience) => {}
        }
    };
    let silent = shells.close(enough).await;
    complain_of(&mut news);
    silent.iter().for_each(tell);
}

/// Tells what was heard of shells.
pub(super) fn complain_of(news: &mut mpsc::UnboundedReceiver<ShellNews>) {
    while let Ok(news) = news.try_recv() {
        tell(&news);
    }
}

fn tell(news: &ShellNews) {
    complain(&[match &news.what {
        ShellFact::Left(_) => format!("{news}; the next skep tries again"),
        _ => news.to_string(),
    }]);
}
