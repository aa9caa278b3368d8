"use strict";
// The page asks the service what any other client could ask, and keeps the question in the address.

const $ = (id) => document.getElementById(id);
const svgSpace = "http://www.w3.org/2000/svg";

/** An element with attributes; children are nodes or text. Attributes that are null stay away. */
function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function makeSVG(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgSpace, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null));
  return element;
}

// Numbers as people write them.

const grouped = (value, digits = 0) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const short = (value) =>
  grouped(value, Math.abs(value) < 9.995 ? 2 : Math.abs(value) < 99.95 ? 1 : 0);

function time(seconds) {
  const size = Math.abs(seconds);
  if (size === 0) return "0 s";
  if (size < 0.0009995) return short(seconds * 1e6) + " µs";
  if (size < 0.9995) return short(seconds * 1e3) + " ms";
  if (size < 119.5) return short(seconds) + " s";
  if (size < 7170) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.round(seconds / 3600);
  return `${grouped(Math.floor(hours / 24))} d ${hours % 24} h`;
}

function bytes(size) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (Math.abs(size) >= 1023.5 && unit < 4) { size /= 1024; unit += 1; }
  return (unit === 0 ? grouped(size) : short(size)) + " " + units[unit];
}

function amount(value) {
  if (value < 999.5) return grouped(value);
  if (value < 999.5e3) return short(value / 1e3) + " k";
  if (value < 999.5e6) return short(value / 1e6) + " M";
  if (value < 999.5e9) return short(value / 1e9) + " B";
  return short(value / 1e12) + " T";
}

const percent = (part) => grouped(part * 100, 1) + " %";
const range = ([first, last]) => (first === last ? `${first}` : `${first}–${last}`);

// The question: fields, the address, and the request.

const form = $("question");
const fields = [...form.querySelectorAll("input, select, textarea")];
const defaults = Object.fromEntries(fields.map((field) => [field.id, field.value]));

/** Parts of the form that belong to one choice are shown with it. */
function showChosen() {
  for (const part of form.querySelectorAll("[data-for]")) {
    part.hidden = $(part.dataset.for).value !== part.dataset.value;
  }
  const set = fields.filter((field) => field.id.startsWith("search-")
    && field.value.trim() !== defaults[field.id]);
  $("constraint-count").textContent = set.length ? `(${set.length} set)` : "";
}

const isShown = (field) => !field.closest("[data-for][hidden]");

function addressOfQuestion() {
  const state = new URLSearchParams();
  for (const field of fields) {
    const value = field.value.trim();
    if (isShown(field) && value !== defaults[field.id].trim()) state.set(field.id, value);
  }
  return "#" + state;
}

/** Whether the address holds a question; the form then shows it. */
function readAddress() {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const field of fields) field.value = state.get(field.id) ?? defaults[field.id];
  showChosen();
  if (fields.some((field) => field.id.startsWith("search-") && field.value)
    && $("constraint-count").textContent) $("constraints").open = true;
  return location.hash.length > 1;
}

/** What is typed as a number is sent as one; anything else as it is, for the service to judge. */
function number(text) {
  return /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text) && Math.abs(Number(text)) < 2 ** 53
    ? Number(text) : text;
}

function numbers(text) {
  const list = text.split(",").map((part) => number(part.trim()));
  return list.length === 1 ? list[0] : list;
}

const searchMembers = [
  ["search-pipeline", "pipeline_parallel", numbers], ["search-tensor", "tensor_parallel", numbers],
  ["search-data", "data_parallel", numbers], ["search-context", "context_parallel", numbers],
  ["search-expert", "expert_parallel", numbers], ["search-virtual", "virtual_stages", numbers],
  ["search-micro", "micro_batch_size", numbers], ["search-zero", "zero_stage", numbers],
  ["search-recompute", "recompute", (text) => text],
  ["search-schedule", "schedule", (text) => text],
  ["search-sequence", "sequence_parallel", (text) => text === "true"],
  ["search-objective", "objective", (text) => text],
  ["search-frontier", "frontier", (text) => text === "true"],
  ["search-headroom", "memory_headroom_fraction",
    (text) => (typeof number(text) === "number" ? number(text) / 100 : text)],
  ["search-deadline", "deadline_ms", number],
];

/** The request that the form stands for, and which field stands for which part of it. */
function readQuestion() {
  const request = {};
  const places = [];
  const faults = [];
  const put = (pointer, id) => places.push([pointer, id]);
  const json = (id, what) => {
    try {
      return JSON.parse($(id).value);
    } catch (error) {
      faults.push({ field: id, detail: `${what} is not JSON: ${error.message}` });
      return undefined;
    }
  };

  const modelForm = $("model-form").value;
  const modelField = "model-" + modelForm;
  put("/model", modelField);
  if (modelForm === "name") request.model = $(modelField).value.trim();
  else request.model = { [modelForm]: json(modelField, "The model") };

  const clusterForm = $("cluster-form").value;
  switch (clusterForm) {
    case "counts":
      request.cluster = [$("cluster-nodes"), $("cluster-gpus"), $("cluster-gpu")]
        .map((field) => field.value.trim()).join("x");
      put("/cluster", /^[1-9]\d*$/.test($("cluster-nodes").value.trim())
        ? /^[1-9]\d*$/.test($("cluster-gpus").value.trim()) ? "cluster-gpu" : "cluster-gpus"
        : "cluster-nodes");
      break;
    case "shorthand":
      request.cluster = $("cluster-shorthand").value.trim();
      put("/cluster", "cluster-shorthand");
      break;
    case "kubernetes":
      request.cluster = { kubernetes: json("cluster-kubernetes", "The list of nodes") };
      put("/cluster", "cluster-kubernetes");
      break;
    case "pools":
      request.cluster = json("cluster-pools", "The cluster");
      put("/cluster", "cluster-pools");
      break;
  }

  request.training = {};
  for (const [id, name] of [["training-batch", "global_batch_size"],
    ["training-length", "sequence_length"], ["training-precision", "precision"],
    ["training-optimizer", "optimizer"], ["training-tokens", "total_tokens"]]) {
    const text = $(id).value.trim();
    if (text !== "") request.training[name] = number(text);
    put("/training/" + name, id);
  }
  put("/training", "training-batch");

  request.search = { top: 8 };
  for (const [id, name, read] of searchMembers) {
    const text = $(id).value.trim();
    put("/search/" + name, id);
    if (text !== "" && text !== defaults[id]) request.search[name] = read(text);
  }
  return { request, places, faults };
}

// Faults stand at their fields.

function clearFaults() {
  $("fault-summary").hidden = true;
  $("fault-summary").replaceChildren();
  for (const note of form.querySelectorAll(".fault")) note.remove();
  for (const field of fields) {
    field.removeAttribute("aria-invalid");
    const described = (field.getAttribute("aria-describedby") ?? "").split(" ")
      .filter((id) => id && !id.endsWith("-fault"));
    if (described.length) field.setAttribute("aria-describedby", described.join(" "));
    else field.removeAttribute("aria-describedby");
  }
}

/** The narrowest part of the form that holds what a pointer names, and its field. */
function placeOf(pointer, places) {
  return places.filter(([place]) => pointer === place || pointer.startsWith(place + "/"))
    .sort((a, b) => b[0].length - a[0].length)[0];
}

/** @param faults each with a detail, and the id of its field if it has one */
function showFaults(title, faults) {
  const byField = Map.groupBy(faults, (fault) => fault.field ?? "");
  const items = [];
  for (const [id, list] of byField) {
    const field = id && $(id);
    if (!field) {
      items.push(...list.map((fault) => make("li", {}, fault.detail)));
      continue;
    }
    if (field.closest("details")) field.closest("details").open = true;
    const note = make("p", { class: "fault", id: id + "-fault" },
      list.map((fault) => fault.detail).join("; "));
    field.setAttribute("aria-invalid", "true");
    const described = field.getAttribute("aria-describedby");
    field.setAttribute("aria-describedby", (described ? described + " " : "") + note.id);
    field.parentElement.append(note);
    const label = form.querySelector(`label[for="${id}"]`).textContent;
    items.push(make("li", {}, make("a", { href: "#" + id, onclick: (event) => {
      event.preventDefault();
      field.focus();
    } }, label), ": " + note.textContent));
  }
  $("fault-summary").append(make("strong", {}, title), make("ul", {}, items));
  $("fault-summary").hidden = false;
  const first = form.querySelector("[aria-invalid]");
  (first ?? $("fault-summary")).focus();
}

// Asking.

let asking = null;

/** Paths are relative: the service may lie under a path of someone else's. */
async function post(path, body, accept, signal) {
  return fetch(path, { method: "POST", body: JSON.stringify(body), signal,
    headers: { "Content-Type": "application/json", Accept: accept } });
}

async function ask({ keepsFocus = false } = {}) {
  asking?.abort();
  clearFaults();
  const { request, places, faults } = readQuestion();
  if (faults.length) return refuse("This cannot be sent", faults);
  const control = asking = new AbortController();
  setBusy(true);
  try {
    if (request.cluster.kubernetes) {
      const nodes = await post("cluster", { cluster: request.cluster }, "application/json",
        control.signal);
      const cluster = await nodes.json();
      if (!nodes.ok) return refuseBy(cluster, places);
      request.cluster = cluster.cluster;
      keepCluster(cluster);
    }
    const response = await post("partition", request, "application/json", control.signal);
    const answer = await response.json();
    if (control.signal.aborted) return;
    if (!response.ok) return refuseBy(answer, places);
    showAnswer(answer, request);
    $("answer-body").classList.remove("stale");
    if (!keepsFocus) $("answer-heading").focus();
  } catch (error) {
    if (control.signal.aborted) {
      $("status").textContent = "Stopped.";
    } else {
      refuse("The service did not answer", [{ detail: error.message }]);
    }
  } finally {
    if (asking === control) { asking = null; setBusy(false); }
  }
}

/** Where inside a pasted document a fault lies. */
function within(pointer, places) {
  const place = placeOf(pointer, places)?.[0] ?? pointer;
  return place.length < pointer.length ? ` (at ${pointer.slice(place.length)})` : "";
}

/** A problem document of the service, each fault at its field. */
function refuseBy(problem, places) {
  const faults = (problem.errors ?? []).map(({ pointer, detail }) => ({
    field: placeOf(pointer, places)?.[1], detail: detail + within(pointer, places) }));
  const count = faults.length;
  refuse(count === 1 ? "One thing is wrong" : count ? `${count} things are wrong`
    : problem.title ?? "Not answered", count ? faults : [{ detail: problem.detail ?? "" }]);
}

/** Nothing new is shown; what is shown answers an older question. */
function refuse(title, faults) {
  $("status").textContent = "No plan for this question.";
  $("answer-body").classList.add("stale");
  showFaults(title, faults);
}

/** Lists of nodes are long: the question goes on with the pools that they make. */
function keepCluster(answer) {
  $("cluster-pools").value = JSON.stringify(answer.cluster, null, 1);
  $("cluster-form").value = "pools";
  $("cluster-read").textContent = [`Read as ${grouped(answer.graph.total_gpus)} GPUs.`,
    ...(answer.assumptions ?? []).map((line) => `Assumed: ${line}.`)].join(" ");
  showChosen();
  history.replaceState(null, "", addressOfQuestion());
}

function setBusy(isBusy) {
  $("submit").disabled = isBusy;
  $("cancel").hidden = !isBusy;
  if (isBusy) $("answer-body").classList.add("stale");
  $("answer").setAttribute("aria-busy", isBusy);
  if (isBusy) $("status").textContent = "Planning…";
}

// The answer.

const partNames = {
  compute: "compute", recompute: "recompute", tensor_parallel: "tensor parallel",
  context_parallel: "context parallel", expert_parallel: "expert parallel",
  pipeline: "pipeline sends", bubble: "pipeline bubble", data_parallel: "data parallel",
  optimizer: "optimizer",
};

/** The least and the most of some numbers. */
function span(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? grouped(most) : `${grouped(least)}–${grouped(most)}`;
}

function degrees({ strategy, stages }) {
  // Stages of unequal pools have degrees of their own.
  const parts = ["pipeline", "tensor", "context", "data"].map((word) => [word,
    [...new Set(stages.map((stage) => stage[word + "_parallel"] ?? strategy[word + "_parallel"]))]])
    .filter(([, all]) => Math.max(...all) > 1).map(([word, all]) => `${span(all)} ${word}`);
  const experts = strategy.expert_parallel > 1 ? `, experts over ${strategy.expert_parallel}` : "";
  return (parts.length ? parts.join(" × ") : "one GPU") + experts;
}

function manner({ strategy, stages }) {
  const parts = [];
  if (strategy.pipeline_parallel > 1) parts.push(strategy.schedule);
  if (strategy.virtual_stages > 1) parts.push(`${strategy.virtual_stages} chunks a stage`);
  const counts = [...new Set(stages.flatMap((stage) => stage.micro_batch_shares
    ?? [strategy.micro_batches]))];
  const sequences = strategy.micro_batch_size * strategy.data_parallel;
  const sizes = [...new Set(stages.map((stage) => sequences
    / (stage.data_parallel ?? strategy.data_parallel)))];
  parts.push(`${span(counts)} micro-batch${Math.max(...counts) === 1 ? "" : "es"} of `
    + span(sizes));
  parts.push(strategy.zero_stage ? `ZeRO-${strategy.zero_stage}` : "no ZeRO");
  if (strategy.sequence_parallel) parts.push("sequence parallel");
  if (strategy.rank_order === "tp-cp-pp-dp") parts.push("ranks tp-cp-pp-dp");
  // A strategy that allows full recomputation need not recompute anything.
  const layers = stages.reduce((sum, stage) => sum + (stage.recompute_layers ?? 0), 0);
  parts.push(strategy.recompute === "selective" ? "selective recomputation"
    : strategy.recompute === "none" || layers === 0 ? "no recomputation"
      : `full recomputation of ${grouped(layers)} layer${layers === 1 ? "" : "s"}`);
  return parts.join(", ");
}

function showAnswer(answer, request) {
  const body = $("answer-body");
  const { plan, nearest, plans } = plansOf(answer);
  const gpus = plan && Math.round(
    plan.prediction.tokens_per_second / plan.prediction.tokens_per_second_per_gpu);
  const isUnknown = answer.status === "unknown";
  const isWithout = isUnknown || answer.status === "infeasible";
  $("answer-heading").textContent = isWithout
    ? `No plan${isUnknown ? " yet" : ""} for ${answer.model_name}`
    : `${answer.model_name} on ${gpus === 1 ? "1 GPU" : `${grouped(gpus)} GPUs`}: `
      + `${time(plan.prediction.step_seconds)} a step`;
  const place = { summary: make("div", { id: "summary" }), detail: make("div", { id: "chosen" }) };
  body.replaceChildren(
    isWithout ? withoutPlan(answer) : proof(answer),
    explanation(answer), comparison(answer.comparison ?? {}), warnings(answer.warnings ?? []),
    place.summary,
    plans.length > 1 ? alternatives(plans, place, request) : make("div"), place.detail,
    asCurl(request), raw(answer));
  if (plan ?? nearest) showPlan(plan ?? nearest, place, request);
  $("status").textContent = isUnknown ? "No plan was found in time."
    : isWithout ? "No plan is feasible."
    : "Planned" + (answer.proof ? ` in ${time(answer.proof.search_seconds)}.` : ".");
}

/** The best plan, and all plans to compare: the alternatives and what is on the frontier. */
function plansOf(answer) {
  const seen = new Map();
  const add = (plan, role) => {
    const key = JSON.stringify([plan.strategy, plan.stages.map((stage) =>
      [stage.layer_range, stage.layer_ranges, stage.recompute_layers])]);
    const known = seen.get(key);
    if (known) known.roles.add(role);
    else seen.set(key, { plan, roles: new Set([role]) });
  };
  if (answer.plan) add(answer.plan, "best");
  for (const plan of answer.frontier ?? []) add(plan, "frontier");
  for (const plan of answer.alternatives ?? []) add(plan, "alternative");
  const plans = [...seen.values()];
  plans.sort((a, b) => b.roles.has("best") - a.roles.has("best")
    || a.plan.prediction.step_seconds - b.plan.prediction.step_seconds);
  return { plan: answer.plan, nearest: answer.reason?.nearest_plan, plans };
}

function proof(answer) {
  const { proof } = answer;
  const weighed = `${grouped(proof.strategies_considered)} strategies worked out, `
    + `${grouped(proof.strategies_pruned)} excluded by bounds`;
  if (answer.status === "optimal") {
    return make("p", { id: "proof" },
      make("strong", { class: "good" }, "Optimal"), ` under the cost model: ${weighed}.`);
  }
  return make("p", { id: "proof" }, proof.gap_fraction <= 0
    ? [make("strong", { class: "good" }, "Best"),
      ` of all that the bound covers, as a warning says: ${weighed}.`]
    : [make("strong", { class: "warn" }, `Within ${percent(Math.max(proof.gap_fraction, 0.001))} of the best`),
      ` possible, which takes at least ${time(proof.lower_bound_seconds)}: ${weighed}.`]);
}

function withoutPlan(answer) {
  const { reason } = answer;
  const list = (title, items) => (items?.length
    ? [make("h3", {}, title), make("ul", { class: "plain" }, items.map((item) =>
      make("li", {}, typeof item === "string" ? item : item.detail ?? JSON.stringify(item))))]
    : []);
  return make("div", { id: "reason" },
    make("p", {}, make("strong", { class: "bad" },
      answer.status === "unknown" ? "Undecided. " : "Nothing fits. "), reason.detail),
    list("Rules in the way", reason.rules), list("What would help", answer.remedies),
    reason.nearest_plan ? make("h3", {}, "The plan that comes nearest") : []);
}

/** Sentences that say why the plan is as it is, where the service gives them. */
function explanation(answer) {
  const lines = [answer.explanation, answer.plan?.explanation].flat()
    .map((line) => (typeof line === "string" ? line : line?.detail)).filter(Boolean);
  return lines.length
    ? make("ul", { class: "plain", id: "explanation" },
      lines.map((line) => make("li", {}, line)))
    : make("div");
}

/** What planning for all pools and their differences gains. */
function comparison({ one_pool: pool, ignoring_differences: even }) {
  const times = (slower) => `${short(slower.times_slower)} times as long`;
  const lines = [
    pool && `On ${pool.pool} alone a step takes ${times(pool)}.`,
    even && `Split as if all GPUs were alike a step takes ${times(even)}.`,
  ].filter(Boolean);
  return make("ul", { class: "plain", id: "comparison" }, lines.map((line) =>
    make("li", {}, line)));
}

function warnings(lines) {
  return lines.length
    ? make("ul", { class: "plain warn", "aria-label": "Warnings" },
      lines.map((line) => make("li", {}, line)))
    : make("div");
}

/** One plan: its figures, where its time goes, its stages, and its picture. */
function showPlan(plan, place, request) {
  const { prediction } = plan;
  const tightest = plan.stages.reduce((worst, stage) =>
    (room(stage) < room(worst) ? stage : worst));
  const figure = (term, value, note) => make("div", {}, make("dt", {}, term),
    make("dd", {}, value, note ? make("small", {}, note) : null));
  const isOver = room(tightest) < 0;
  place.summary.replaceChildren(
    make("p", { class: "how" }, make("strong", {}, degrees(plan)), "; ", manner(plan)),
    make("dl", { class: "figures" },
      figure("Step", time(prediction.step_seconds)),
      figure("Throughput", grouped(prediction.tokens_per_second), "tokens a second"),
      figure("Utilisation", percent(prediction.model_flops_utilization),
        `${grouped(prediction.model_tflops_per_gpu)} TFLOP/s a GPU`),
      figure("Memory", bytes(tightest.memory_bytes.total), `of ${bytes(tightest.memory_limit_bytes)}`
        + ` at stage ${tightest.stage_id}${isOver ? ": does not fit" : ""}`),
      figure("Bubble", percent(prediction.bubble_fraction), "of all stages' time"),
      prediction.run ? figure("Whole training", time(prediction.run.seconds), wholeTraining(prediction.run))
        : []));
  place.detail.replaceChildren(
    make("h3", {}, "What bounds the step"), breakdown(prediction),
    make("h3", {}, "Stages"), stageTable(plan),
    make("h3", {}, "Timeline, memory and cuts"), picture(plan, request), exportsOf(plan, request));
}

const wholeTraining = (run) => `${grouped(run.steps)} steps, ${grouped(run.gpu_hours)} GPU-hours`
  + (run.cost === undefined ? "" : `, at a cost of ${grouped(run.cost)}`);

const room = (stage) => stage.memory_limit_bytes - stage.memory_bytes.total;

// Every part that takes time: the bubble comes out some rounding errors from nothing.
function breakdown(prediction) {
  const parts = Object.entries(prediction.breakdown_seconds).map(([key, seconds], index) =>
    ({ name: partNames[key] ?? key, seconds, share: seconds / prediction.step_seconds,
      style: "part-" + (index + 1) })).filter((part) => part.share > 1e-9);
  let x = 0;
  const bar = makeSVG("svg", { viewBox: "0 0 1000 26", class: "bars", "aria-hidden": "true",
    preserveAspectRatio: "none" }, parts.map((part) => {
    const box = makeSVG("rect", { x, y: 0, width: Math.max(part.share * 1000, 1), height: 26,
      class: part.style }, makeSVG("title", {}, part.name));
    x += part.share * 1000;
    return box;
  }));
  const sorted = [...parts].sort((a, b) => b.seconds - a.seconds);
  return make("div", {}, bar, make("ul", { class: "legend", id: "breakdown" },
    sorted.map((part) => make("li", {},
      makeSVG("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" },
        makeSVG("rect", { width: 12, height: 12, class: part.style })),
      `${part.name} ${time(part.seconds)} (${percent(part.share)})`))));
}

function table(id, caption, heads, rows) {
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", { id }, make("thead", {}, make("tr", {}, heads.map(([head, style]) =>
      make("th", { scope: "col", class: style }, head)))), make("tbody", {}, rows)));
}

function stageTable(plan) {
  const parts = ["weights", "gradients", "optimizer", "activations", "workspace"];
  const recomputes = plan.stages.some((stage) => stage.recompute_layers > 0);
  // Stages of unequal pools have degrees of their own.
  const differ = plan.stages.some((stage) => stage.tensor_parallel !== undefined);
  const heads = [["Stage"], ["Layers", "left"], ["Parameters"], ["Forward"], ["Backward"],
    ...(recomputes ? [["Recomputed"]] : []),
    ...(differ ? [["Tensor"], ["Micro-batches", "left"]] : []), ...parts.map((part) =>
      [part[0].toUpperCase() + part.slice(1)]), ["Total"], ["Limit"], ["Devices", "left"]];
  const cell = (text, style) => make("td", { class: style }, text);
  return table("stages", "Stages", heads, plan.stages.map((stage) => make("tr", {},
    make("th", { scope: "row" }, `${stage.stage_id}`),
    cell((stage.layer_ranges ?? [stage.layer_range]).map(range).join(", "), "left"),
    cell(amount(stage.parameters)), cell(time(stage.forward_seconds)),
    cell(time(stage.backward_seconds)),
    recomputes ? cell(grouped(stage.recompute_layers)) : null,
    differ ? [cell(`${stage.tensor_parallel ?? plan.strategy.tensor_parallel}`),
      cell(sum(stage.micro_batch_shares ?? []), "left")]
      : null,
    parts.map((part) => cell(bytes(stage.memory_bytes[part]))),
    cell(bytes(stage.memory_bytes.total), room(stage) < 0 ? "bad" : null),
    cell(bytes(stage.memory_limit_bytes)), cell(devices(stage.devices ?? []), "left"))));
}

/** `5 + 5 + 3` of few numbers, `16 × 5 + 8 × 3` of many. */
function sum(numbers) {
  const runs = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (numbers.length > 4 && last?.number === number) last.count += 1;
    else runs.push({ number, count: 1 });
  }
  return runs.map(({ number, count }) => (count > 1 ? `${grouped(count)} × ` : "")
    + grouped(number)).join(" + ");
}

function devices(groups) {
  const gpus = (list) => (list.length > 2 && list.at(-1) - list[0] === list.length - 1
    ? `${list[0]}–${list.at(-1)}` : list.join(", "));
  if (groups.length > 2) {
    const count = groups.reduce((sum, group) => sum + group.gpus.length, 0);
    return `${groups[0].node} … ${groups.at(-1).node} (${grouped(count)} GPUs)`;
  }
  return groups.map((group) => `${group.node}: ${gpus(group.gpus)}`).join("; ");
}

/** The service's own drawing, with its text alternative. */
function picture(plan, request) {
  const place = make("div", { class: "scroll", tabindex: "0", role: "region", id: "picture",
    "aria-label": "Timeline, memory and cuts" }, make("p", { class: "hint" }, "Drawing…"));
  const { model, cluster, training } = request;
  post("simulate", { model, cluster, training, plan }, "image/svg+xml").then(async (response) => {
    if (!response.ok) throw new Error((await response.json()).detail);
    const drawing = await response.text();
    const words = /<desc[^>]*>([^<]*)<\/desc>/.exec(drawing)?.[1] ?? "";
    const entities = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
    place.replaceChildren(make("img", { class: "picture",
      alt: words.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name]),
      src: "data:image/svg+xml;charset=utf-8," + encodeURIComponent(drawing) }));
  }).catch((error) => {
    place.replaceChildren(make("p", { class: "hint" }, "No drawing: " + error.message));
  });
  return place;
}

// Alternatives on the plane of time and memory.

function alternatives(plans, place, request) {
  const rows = [];
  const points = [];
  const choose = (index) => {
    rows.forEach((row, other) => row.classList.toggle("chosen", other === index));
    points.forEach((point, other) => point.ring.toggleAttribute("hidden", other !== index));
    rows[index].querySelector("input").checked = true;
    showPlan(plans[index].plan, place, request);
    $("status").textContent = `Showing plan ${index + 1}.`;
  };
  const plane = timeMemoryPlane(plans, points, choose);
  const hasFrontier = plans.some(({ roles }) => roles.has("frontier"));
  plans.forEach(({ plan, roles }, index) => {
    const { prediction } = plan;
    const slower = prediction.step_seconds / plans[0].plan.prediction.step_seconds - 1;
    rows.push(make("tr", { class: index ? null : "chosen" },
      make("td", {}, make("label", {}, make("input", { type: "radio", name: "plan",
        "aria-label": `Show plan ${index + 1}`, onchange: () => choose(index) }),
      ` ${index + 1}`)),
      make("td", {}, time(prediction.step_seconds)),
      make("td", {}, index ? (slower < 0 ? "" : "+") + percent(slower) : "best"),
      make("td", {}, bytes(prediction.peak_memory_bytes)),
      hasFrontier ? make("td", { class: "left" }, roles.has("frontier") ? "yes" : "") : null,
      make("td", { class: "left wrap" }, `${degrees(plan)}; ${manner(plan)}`)));
  });
  rows[0].querySelector("input").checked = true;
  return make("section", { "aria-labelledby": "alternatives-heading" },
    make("h3", { id: "alternatives-heading" }, "Alternatives"), plane,
    table("alternatives", "Alternatives", [["Plan"], ["Step"], ["Against best"],
      ["Peak memory"], ...(hasFrontier ? [["On frontier", "left"]] : []), ["How", "left"]],
    rows));
}

function timeMemoryPlane(plans, points, choose) {
  const width = Math.min(860, Math.max(300, $("answer-body").clientWidth));
  const [height, left, right, top, bottom] = [280, 70, 34, 16, 44];
  const limit = Math.min(...plans[0].plan.stages.map((stage) => stage.memory_limit_bytes));
  const memories = plans.map(({ plan }) => plan.prediction.peak_memory_bytes);
  const times = plans.map(({ plan }) => plan.prediction.step_seconds);
  const showsLimit = limit < 2 * Math.max(...memories);
  const span = (low, high) => { const pad = (high - low || high || 1) * 0.08;
    return [Math.max(0, low - pad), high + pad]; };
  const [m0, m1] = span(Math.min(...memories), Math.max(...memories, showsLimit ? limit : 0));
  const [t0, t1] = span(Math.min(...times), Math.max(...times));
  const x = (memory) => left + (memory - m0) / (m1 - m0) * (width - left - right);
  const y = (seconds) => height - bottom - (seconds - t0) / (t1 - t0) * (height - top - bottom);
  const plane = makeSVG("svg", { viewBox: `0 0 ${width} ${height}`, class: "bars",
    "aria-hidden": "true", id: "plane" });
  const note = (text, attributes) => makeSVG("text", attributes, text);
  for (const memory of ticks(m0, m1, 1 << 30, width / 150)) {
    plane.append(makeSVG("path", { class: "grid", d: `M${x(memory)} ${top}V${height - bottom}` }),
      note(bytes(memory), { x: x(memory), y: height - bottom + 16, class: "faint",
        "text-anchor": "middle" }));
  }
  for (const seconds of ticks(t0, t1, 1, 5)) {
    plane.append(makeSVG("path", { class: "grid", d: `M${left} ${y(seconds)}H${width - right}` }),
      note(time(seconds), { x: left - 6, y: y(seconds) + 4, class: "faint",
        "text-anchor": "end" }));
  }
  plane.append(makeSVG("path", { class: "axis",
    d: `M${left} ${top}V${height - bottom}H${width - right}` }),
  note("peak memory of a GPU", { x: (left + width - right) / 2, y: height - 8, class: "faint",
    "text-anchor": "middle" }), note("step", { x: left + 6, y: top + 10, class: "faint" }));
  if (showsLimit) {
    plane.append(makeSVG("path", { class: "limit", d: `M${x(limit)} ${top}V${height - bottom}` }),
      note("limit", { x: x(limit) + 4, y: height - bottom - 6 }));
  }
  const frontier = plans.filter(({ roles }) => roles.has("frontier"))
    .map(({ plan }) => plan.prediction)
    .sort((a, b) => a.peak_memory_bytes - b.peak_memory_bytes);
  if (frontier.length > 1) {
    plane.append(makeSVG("path", { class: "frontier", d: "M" + frontier.map((prediction) =>
      `${x(prediction.peak_memory_bytes)} ${y(prediction.step_seconds)}`).join("L") }));
  }
  const labels = [];
  plans.forEach(({ roles }, index) => {
    const [px, py] = [x(memories[index]), y(times[index])];
    const style = roles.has("best") ? "point best"
      : roles.has("frontier") ? "point on-frontier" : "point";
    const shape = roles.has("best")
      ? `M${px} ${py - 8}l8 8l-8 8l-8 -8z`
      : roles.has("frontier") ? `M${px - 5} ${py - 5}h10v10h-10z`
        : `M${px - 6} ${py}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0`;
    const ring = makeSVG("circle", { cx: px, cy: py, r: 13, class: "ring", hidden: index > 0 });
    plane.append(ring, makeSVG("path", { d: shape, class: style, onclick: () => choose(index) },
      makeSVG("title", {}, `plan ${index + 1}`)));
    points.push({ ring });
    labels.push([px, py]);
  });
  const taken = labels.map(([px, py]) => ({ x: px, y: py, wide: 7, tall: 7 }));
  labels.forEach(([px, py], index) => {
    const half = `${index + 1}`.length * 4;
    const spot = [[14, -8], [14, 9], [-14, -8], [-14, 9], [0, -16], [0, 17]]
      .map(([dx, dy]) => ({ x: px + dx, y: py + dy, wide: half, tall: 6 }))
      .find((box) => !taken.some((other) => Math.abs(box.x - other.x) < box.wide + other.wide
        && Math.abs(box.y - other.y) < box.tall + other.tall));
    if (!spot) return;
    taken.push(spot);
    plane.append(note(`${index + 1}`, { x: spot.x, y: spot.y + 4, "text-anchor": "middle" }));
  });
  return plane;
}

/** Round values within an interval, in multiples of a unit. */
function ticks(low, high, unit, count) {
  const rough = (high - low) / count / unit;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) * unit;
  const list = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) list.push(value);
  return list;
}

// To take away.

function copyButton(label, text) {
  return make("button", { type: "button", onclick: async (event) => {
    await copy(text());
    const button = event.target;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  } }, label);
}

/** The clipboard needs a secure context; elsewhere a selection does it. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { readonly: true, "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function asCurl(request) {
  const body = JSON.stringify(request, null, 1).replaceAll("'", "'\\''");
  const command = `curl -sS ${new URL("partition", location.href)} \\\n`
    + `  -H 'Content-Type: application/json' -H 'Accept: text/plain' \\\n  -d '${body}'`;
  return make("section", {}, make("h3", {}, "The question as curl"),
    make("pre", { id: "curl", tabindex: "0" }, command), copyButton("Copy curl", () => command));
}

function raw(answer) {
  const text = () => JSON.stringify(answer, null, 2);
  const place = make("pre", { tabindex: "0" });
  return make("details", { ontoggle: () => { place.textContent = text(); } },
    make("summary", {}, "The answer as JSON"), place, copyButton("Copy JSON", text));
}

// For launchers.

/** The launcher that was chosen last: it stays chosen for the next plan. */
let launcher = "";

function exportsOf(plan, request) {
  const place = make("div", { "aria-live": "polite" });
  const choice = make("select", { id: "launcher" }, make("option", { value: "" }, "choose one"),
    $("launchers").content.cloneNode(true));
  const show = async () => {
    launcher = choice.value;
    if (!launcher) return place.replaceChildren();
    const { model, cluster, training } = request;
    try {
      const response = await post("simulate",
        { model, cluster, training, plan, export: [launcher] }, "application/json");
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.errors?.[0]?.detail ?? answer.detail);
      place.replaceChildren(...exported(answer.exports[0]));
    } catch (error) {
      place.replaceChildren(make("p", { class: "fault" }, error.message));
    }
  };
  choice.value = launcher;
  choice.addEventListener("change", show);
  show();
  return make("section", { id: "exports" }, make("h3", {}, "For a launcher"),
    make("div", { class: "field narrow" }, make("label", { for: "launcher" }, "Launcher"), choice),
    place);
}

/** What a launcher takes, or why it takes nothing. */
function exported(answer) {
  const notes = (list) => make("ul", { class: "plain" }, list.map(({ field, detail }) =>
    make("li", {}, make("code", {}, field), ": " + detail)));
  if (answer.error) {
    return [make("p", { class: "bad" }, answer.error.detail), notes(answer.error.reasons)];
  }
  const files = answer.files.map((file) => make("section", {},
    make("h4", {}, file.name), make("pre", { tabindex: "0", "aria-label": file.name }, file.text),
    make("div", { class: "actions" }, copyButton("Copy", () => file.text),
      make("button", { type: "button", onclick: () => download(file) }, "Download"))));
  const warnings = answer.warnings ?? [];
  return warnings.length
    ? [...files, make("p", { class: "warn" }, "What it could not carry:"), notes(warnings)]
    : files;
}

function download(file) {
  const address = URL.createObjectURL(new Blob([file.text], { type: file.media_type }));
  make("a", { href: address, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

// Names that are known.

async function loadCatalogues() {
  const load = async (path) =>
    (await fetch(path, { headers: { Accept: "application/json" } })).json();
  const [models, gpus] = await Promise.all([load("catalog/models"), load("catalog/gpus")]);
  $("model-names").replaceChildren(...models.models.map((model) => make("option", {
    value: model.name }, modelWords(model))));
  $("gpu-names").replaceChildren(...gpus.gpus.map((gpu) => make("option", {
    value: gpu.id }, gpu.name)));
  const describe = () => {
    const model = models.models.find((model) => model.name === $("model-name").value.trim());
    $("model-name-hint").textContent = model ? modelWords(model)
      : `Type to search ${models.models.length} names.`;
    const gpu = gpus.gpus.find((gpu) => gpu.id === $("cluster-gpu").value.trim());
    $("cluster-gpu-hint").textContent = gpu ? gpuWords(gpu)
      : `Type to search ${gpus.gpus.length} types.`;
  };
  form.addEventListener("input", describe);
  form.addEventListener("reset", () => setTimeout(describe));
  window.addEventListener("hashchange", describe);
  describe();
}

function modelWords(model) {
  const active = model.active_parameters < model.parameters
    ? ` (${amount(model.active_parameters)} active)` : "";
  return `${amount(model.parameters)} parameters${active}, ${model.layers} layers, `
    + `hidden size ${grouped(model.hidden_size)}`
    + (model.max_positions ? `, up to ${grouped(model.max_positions)} tokens` : "");
}

function gpuWords(gpu) {
  const peak = gpu.bf16_tflops ?? gpu.fp16_tflops;
  return [gpu.name, gpu.memory_mb && `${grouped(gpu.memory_mb.value)} MiB`,
    peak && `${grouped(peak.value)} TFLOP/s in 16 bits`].filter(Boolean).join(", ");
}

// The page.

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const address = addressOfQuestion();
  if (address !== (location.hash || "#")) history.pushState(null, "", address);
  ask();
});
form.addEventListener("input", showChosen);
form.addEventListener("reset", () => setTimeout(() => {
  history.pushState(null, "", location.pathname);
  clearFaults();
  showChosen();
}));
$("cancel").addEventListener("click", () => asking?.abort());
$("share").addEventListener("click", async () => {
  await copy(location.origin + location.pathname + addressOfQuestion());
  $("status").textContent = "The link is copied.";
});
window.addEventListener("popstate", () => { if (readAddress()) ask({ keepsFocus: true }); });

loadCatalogues().catch(() => { $("status").textContent = "The catalogues did not load."; });
if (readAddress()) ask({ keepsFocus: true });
