//! Conditional orders of USD-M: the algo endpoints.

use serde_json::{Value, json};

use super::{
    core::{Answer, Call, Core},
    futures_calls::futures,
    futures_words,
    query::Complaint,
    tickets,
};
use crate::market::Outlet;

impl Core {
    fn tell_algo(&self, id: u64) -> Result<Value, Complaint> {
        let algo = self.exchange.state.algos.get(&id);
        let algo = algo.ok_or_else(|| Complaint::new(-2013, "Order does not exist."))?;
        let instrument = self.exchange.instruments.get(algo.ticket.instrument);
        Ok(futures_words::algo(algo, instrument))
    }

    /// The conditional order that a request names.
    fn asked_algo(&self, call: &Call<'_>) -> Result<Option<u64>, Complaint> {
        let (id, name) =
            (call.parameters.id("algoId")?, call.parameters.client_id("clientAlgoId")?);
        if id.is_none() && name.is_none() {
            return Err(Complaint::missing("algoId"));
        }
        let algos = self.exchange.state.algos.values().rev();
        let mut ours = algos.filter(|algo| algo.ticket.account == call.account);
        let found = ours.find(|algo| match (id, name) {
            (Some(id), _) => algo.id == id,
            (None, name) => Some(algo.ticket.client_id.as_str()) == name,
        });
        Ok(found.map(|algo| algo.id))
    }

    fn list_algos(&self, ids: impl IntoIterator<Item = u64>) -> String {
        let list: Value = ids.into_iter().filter_map(|id| self.tell_algo(id).ok()).collect();
        list.to_string()
    }
}

pub(super) fn place(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let (ticket, callback) = tickets::algo(call.parameters, call.account, core.named(call)?)?;
    let placed = core.exchange.place_algo(ticket, callback);
    let id = placed.map_err(|reject| futures(&reject))?;
    Ok(core.tell_algo(id)?.to_string())
}

pub(super) fn cancel(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let id = core.asked_algo(call)?;
    let id = id.ok_or_else(|| Complaint::new(-2011, "Unknown order sent."))?;
    core.exchange.cancel_algo(id).map_err(|reject| futures(&reject))?;
    let told = core.tell_algo(id)?;
    let body = json!({
        "algoId": id, "clientAlgoId": told["clientAlgoId"], "code": "200", "msg": "success",
    });
    Ok(body.to_string())
}

pub(super) fn query(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let id = core.asked_algo(call)?;
    let id = id.ok_or_else(|| Complaint::new(-2013, "Order does not exist."))?;
    Ok(core.tell_algo(id)?.to_string())
}

pub(super) fn open_orders(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let instrument = core.maybe_named(call)?.map(domain::Instrument::id);
    Ok(core.list_algos(core.exchange.algos_of(call.account, instrument)))
}

pub(super) fn all_orders(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let instrument = core.named(call)?.id();
    let ours =
        core.exchange.state.algos.values().filter(|algo| {
            algo.ticket.account == call.account && algo.ticket.instrument == instrument
        });
    Ok(core.list_algos(ours.map(|algo| algo.id).collect::<Vec<_>>()))
}

pub(super) fn cancel_all(core: &mut Core, call: &Call<'_>, _: &mut dyn Outlet) -> Answer {
    let instrument = core.named(call)?.id();
    for id in core.exchange.algos_of(call.account, Some(instrument)) {
        core.exchange.cancel_algo(id).map_err(|reject| futures(&reject))?;
    }
    let text = "The operation of cancel all open order is done.";
    Ok(json!({"code": 200, "msg": text}).to_string())
}
