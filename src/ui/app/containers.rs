//! The containers of the node that is looked at, as its engine listed them last.

use std::borrow::Cow;

use crate::{
    cluster::{Container, ContainerId, Membership, NodeId, Subject, TaskId},
    session::NoReach,
    ui::app::model::Model,
};

/// Containers of a node.
#[derive(Debug)]
pub struct NodeContainers {
    /// The node.
    pub node: NodeId,
    /// Those that were listed last; none before the first list.
    pub all: Option<Vec<Container>>,
    /// Number of those that can't be read.
    pub unread: u64,
    /// Why they can't be listed now.
    pub trouble: Option<NoReach>,
}

impl NodeContainers {
    fn of(node: NodeId) -> Self {
        Self { node, all: None, unread: 0, trouble: None }
    }
}

impl Model {
    /// Those of this node, once they were heard of.
    pub fn containers_of(&self, node: &NodeId) -> Option<&NodeContainers> {
        self.containers.as_ref().filter(|containers| containers.node == *node)
    }

    /// A container of this node, while it is listed.
    pub fn container(&self, node: &NodeId, id: &ContainerId) -> Option<&Container> {
        let mut all = self.containers_of(node)?.all.iter().flatten();
        all.find(|container| container.id == *id)
    }

    /// The name of a container: that of its task, if it is one's.
    pub(in crate::ui) fn container_label<'c>(
        &self,
        container: &'c Container,
        membership: &Membership,
    ) -> Cow<'c, str> {
        match membership {
            Membership::Task(id) => match self.store.task(id) {
                Some(task) => self.store.task_name(task).into(),
                None => (&*container.name).into(),
            },
            Membership::Unlisted if !container.task_name.is_empty() => {
                (&*container.task_name).into()
            }
            _ => (&*container.name).into(),
        }
    }

    /// The same by its id; that in short once it is not listed any more.
    pub(in crate::ui) fn container_name(&self, node: &NodeId, id: &ContainerId) -> String {
        match self.container(node, id) {
            Some(container) => {
                let membership = self.store.membership(container, node);
                self.container_label(container, &membership).into_owned()
            }
            None => id.short().to_owned(),
        }
    }

    /// The task of an object: itself, or the one whose container it is.
    pub(in crate::ui) fn task_of(&self, subject: &Subject) -> Option<TaskId> {
        match subject {
            Subject::Task(id, _) => Some(id.clone()),
            Subject::Container(node, id) => {
                match self.store.membership(self.container(node, id)?, node) {
                    Membership::Task(id) => Some(id),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The name of any object.
    pub(in crate::ui) fn name_of(&self, subject: &Subject) -> String {
        match subject {
            Subject::Container(node, id) => self.container_name(node, id),
            other => self.store.name_of(other),
        }
    }

    /// Another node's containers are looked at, or none's. Those that are drawn stay while the screen is
    /// paused.
    pub(in crate::ui) fn list_containers_of(&mut self, node: Option<&NodeId>) {
        if self.is_paused() || self.containers.as_ref().map(|of| &of.node) == node {
            return;
        }
        self.containers = node.cloned().map(NodeContainers::of);
        self.judged += 1;
    }

    /// Takes in a list of containers, or why there is none. One that comes late is of no use.
    pub(in crate::ui) fn heard_containers(
        &mut self,
        node: &NodeId,
        heard: Result<(Vec<Container>, u64), NoReach>,
    ) {
        if self.is_paused() {
            return;
        }
        let Some(known) = self.containers.as_mut().filter(|known| known.node == *node) else {
            return;
        };
        match heard {
            Ok((all, unread)) => {
                (known.all, known.unread, known.trouble) = (Some(all), unread, None);
            }
            Err(no) => known.trouble = Some(no),
        }
        self.judged += 1;
    }
}
