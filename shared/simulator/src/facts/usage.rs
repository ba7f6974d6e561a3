//! What was used on the Console and Enterprise organisations, and what each use was charged.

use crate::amount::Amount;
use crate::catalog::{CostType, Geo, Product, SEARCH_PRICE, Speed, Tier, TokenType, Window, price};

/// Whom the vendor names as the one who used something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    Person(u32),
    Deleted(u32),
    Service,
    Federated,
    Key(u32),
}

/// Tokens of one combination of dimensions within one day, and their price.
#[derive(Debug, Clone)]
pub struct Use {
    /// The minute of the day at which it becomes visible.
    pub minute: u16,
    pub actor: Option<Actor>,
    pub key: Option<u32>,
    /// None on an Enterprise organisation.
    pub workspace: Option<u16>,
    /// The person of an OAuth request.
    pub account: Option<u32>,
    pub model: u16,
    pub product: Option<Product>,
    pub tier: Option<Tier>,
    pub window: Window,
    pub geo: Geo,
    pub speed: Speed,
    /// In the order of [`TokenType::ALL`].
    pub tokens: [u64; 5],
    pub searches: u64,
    pub requests: u64,
    /// What each kind of token costs, in the same order; all zero when the use is not charged.
    pub amounts: [Amount; 5],
    pub search_amount: Amount,
    /// List price in percent of the price paid.
    pub list_percent: i128,
}

/// What distinguishes lines that agree in every parsed dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    None,
    Credit,
}

/// One charge at the finest grain: what both generations of reports add up.
#[derive(Debug, Clone)]
pub struct Charge {
    pub minute: u16,
    pub actor: Option<Actor>,
    pub key: Option<u32>,
    pub workspace: Option<u16>,
    pub model: Option<u16>,
    pub product: Option<Product>,
    pub tier: Option<Tier>,
    pub window: Option<Window>,
    pub geo: Option<Geo>,
    pub speed: Option<Speed>,
    pub cost_type: CostType,
    pub token_type: Option<TokenType>,
    pub note: Note,
    /// Lines with different numbers stay apart in the legacy report though they look alike.
    pub line: u16,
    pub amount: Amount,
    pub list: Amount,
    pub requests: u64,
    /// The beta endpoints know this charge.
    pub in_analytics: bool,
}

impl Use {
    /// Prices the tokens at list price for a day, and keeps the list price in `list_percent`.
    pub fn charge(&mut self, day: i32) {
        let factor = match self.tier {
            Some(Tier::Batch) => 50,
            Some(Tier::Priority | Tier::PriorityOnDemand) => 0,
            _ => 100,
        };
        let speed = if self.speed == Speed::Fast { 2 } else { 1 };
        let geo = if self.geo == Geo::Us { 110 } else { 100 };
        for ((amount, tokens), kind) in self.amounts.iter_mut().zip(self.tokens).zip(TokenType::ALL) {
            let full = Amount(price(self.model, kind, day).0 * i128::from(tokens) * speed);
            *amount = full.percent(factor).percent(geo).percent(10_000 / self.list_percent);
        }
        self.search_amount = Amount(SEARCH_PRICE.0 * i128::from(self.searches));
    }

    /// The charges of this use, without the ones of nothing.
    pub fn charges(&self) -> impl Iterator<Item = Charge> + '_ {
        let tokens = TokenType::ALL
            .into_iter()
            .zip(self.amounts)
            .map(|(kind, amount)| (CostType::Tokens, Some(kind), amount));
        let search = std::iter::once((CostType::WebSearch, None, self.search_amount));
        tokens.chain(search).filter(|(_, _, amount)| !amount.is_zero()).map(
            |(cost_type, token_type, amount)| Charge {
                minute: self.minute,
                actor: self.actor,
                key: self.key,
                workspace: self.workspace,
                model: Some(self.model),
                product: self.product,
                tier: self.tier,
                window: Some(self.window),
                geo: Some(self.geo),
                speed: Some(self.speed),
                cost_type,
                token_type,
                note: Note::None,
                line: 0,
                amount,
                list: amount.percent(self.list_percent),
                requests: self.requests,
                in_analytics: true,
            },
        )
    }
}

impl Charge {
    /// A charge without any dimension but the workspace.
    pub const fn plain(cost_type: CostType, workspace: u16, amount: Amount) -> Self {
        Self {
            minute: 600,
            actor: None,
            key: None,
            workspace: Some(workspace),
            model: None,
            product: None,
            tier: None,
            window: None,
            geo: None,
            speed: None,
            cost_type,
            token_type: None,
            note: Note::None,
            line: 0,
            amount,
            list: amount,
            requests: 1,
            in_analytics: true,
        }
    }
}
