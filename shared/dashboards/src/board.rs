//! The four dashboards: names, addresses, filters.

use aispend_warehouse::Filter;

/// A dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// The group of its cards.
    pub group: &'static str,
    /// As people call it.
    pub title: &'static str,
    /// Its address.
    pub path: &'static str,
    /// The range where none is chosen.
    pub default_range: &'static str,
    /// Its filters, in order.
    pub filters: &'static [Filter],
    /// Its tabs, in order.
    pub tabs: &'static [&'static str],
    /// A line under the title.
    pub lead: Option<&'static str>,
}

/// All of them, in the order of the navigation.
pub const BOARDS: [Board; 4] = [
    Board {
        group: "exec",
        title: "Executive Summary",
        path: "/executive",
        default_range: "thismonth",
        filters: &[Filter::Range, Filter::Team, Filter::Platform],
        tabs: &["Overview", "Definitions"],
        lead: None,
    },
    Board {
        group: "alloc",
        title: "Cost Allocation",
        path: "/allocation",
        default_range: "thismonth",
        filters: &Filter::ALL,
        tabs: &["People", "Teams", "Models and keys", "Ledger"],
        lead: None,
    },
    Board {
        group: "prod",
        title: "Productivity",
        path: "/productivity",
        default_range: "past30days~",
        filters: &Filter::ALL,
        tabs: &["Teams", "People", "Tools"],
        lead: Some("This page judges tools and helps people use them. It is not a performance review."),
    },
    Board {
        group: "roi",
        title: "Platform ROI",
        path: "/roi",
        default_range: "past3months~",
        filters: &Filter::ALL,
        tabs: &["Overview", "People and platforms", "Recommendations", "Assumptions"],
        lead: None,
    },
];

/// Filters where single people are not shown.
const OF_TEAMS: &[Filter] = &[Filter::Range, Filter::Team, Filter::Platform, Filter::Model];

/// The dashboards that tell of work, which a filter by person would make that person's.
static FOR_TEAMS: [Board; 3] = {
    let [_, alloc, prod, roi] = BOARDS;
    [
        Board { filters: OF_TEAMS, ..alloc },
        Board { filters: OF_TEAMS, ..prod },
        Board { filters: OF_TEAMS, ..roi },
    ]
};

impl Board {
    /// The same where nobody's work is shown by name.
    #[must_use]
    pub fn for_teams(&'static self) -> &'static Self {
        FOR_TEAMS.iter().find(|board| board.group == self.group).unwrap_or(self)
    }

    /// By the group of its cards.
    pub fn of_group(group: &str) -> Option<&'static Self> {
        BOARDS.iter().find(|board| board.group == group)
    }

    /// By its address.
    pub fn at(path: &str) -> Option<&'static Self> {
        BOARDS.iter().find(|board| board.path == path)
    }
}
