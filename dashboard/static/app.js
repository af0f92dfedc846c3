"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;
  root.classList.add("js");

  // --- views: the hash names the view and its filters, so that every state is a link
  const views = $$(".view").map((view) => view.id.replace("view-", ""));
  const readHash = () => {
    const [name, query] = location.hash.slice(1).split("?");
    return { name: views.includes(name) ? name : views[0], query: new URLSearchParams(query || "") };
  };
  const show = () => {
    const { name, query } = readHash();
    for (const view of views) $("#view-" + view).classList.toggle("on", view === name);
    for (const link of $$("nav a")) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (name === "accounts") applyQuery(query);
    else scrollTo(0, 0);
  };

  // --- sorting: any table; rows without a value stay last in either direction
  const rowsOf = (table) => {
    const groups = $$(":scope > tbody.account", table);
    return groups.length ? groups : $$(":scope > tbody > tr", table);
  };
  const cellValue = (row, index, kind) => {
    const cell = (row.matches("tbody") ? row.rows[0] : row).cells[index];
    const value = cell.dataset.v ?? cell.textContent.trim();
    if (value === "") return null;
    return kind === "num" ? Number(value) : value.toLowerCase();
  };
  const sortTable = (table, index, direction) => {
    const head = table.tHead.rows[0].cells[index];
    const kind = head.dataset.sort;
    const sign = direction === "descending" ? -1 : 1;
    const keyed = rowsOf(table).map((row, at) => ({ row, at, key: cellValue(row, index, kind) }));
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.at - b.at;
      const order = kind === "num" ? a.key - b.key : a.key.localeCompare(b.key);
      return sign * order || a.at - b.at;
    });
    const parent = keyed.length ? keyed[0].row.parentNode : null;
    for (const { row } of keyed) parent.append(row);
    for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
  };
  for (const table of $$("table[data-sortable]")) {
    for (const head of $$("th[data-sort]", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.dataset.title = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const first = head.dataset.sort === "num" ? "descending" : "ascending";
        const other = first === "descending" ? "ascending" : "descending";
        sortTable(table, head.cellIndex, head.getAttribute("aria-sort") === first ? other : first);
      });
    }
  }

  // --- accounts: filters
  const table = $("#accounts-table");
  const accounts = $$("tbody.account", table);
  const fields = { search: $("#f-search"), color: $("#f-color"), csm: $("#f-csm"), segment: $("#f-segment"), signal: $("#f-signal") };
  const matches = (row) => {
    const words = fields.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const is = (name) => !fields[name].value || row.dataset[name] === fields[name].value;
    const signal = fields.signal ? fields.signal.value : "";
    return words.every((word) => row.dataset.search.includes(word)) && is("color") && is("csm") && is("segment")
      && (!signal || row.dataset.signals.split(" ").includes(signal));
  };
  const filter = () => {
    let shown = 0;
    for (const row of accounts) {
      row.hidden = !matches(row);
      shown += !row.hidden;
    }
    const all = accounts.length;
    $("#f-count").textContent = shown === all ? `${all} account${all === 1 ? "" : "s"}` : `${shown} of ${all} accounts`;
    $("#no-match").hidden = shown > 0;
  };
  const writeHash = () => {
    const query = new URLSearchParams();
    for (const [name, field] of Object.entries(fields)) if (field && field.value) query.set(name, field.value);
    const text = query.toString();
    history.replaceState(null, "", "#accounts" + (text ? "?" + text : ""));
  };
  const applyQuery = (query) => {
    for (const [name, field] of Object.entries(fields)) {
      if (!field) continue;
      field.value = query.get(name) || "";
      if (field.value !== (query.get(name) || "")) field.value = "";
    }
    filter();
    const wanted = query.get("open");
    const row = wanted && accounts.find((account) => account.dataset.id === wanted);
    if (row) {
      toggle(row, true);
      row.scrollIntoView({ block: "start" });
      scrollBy(0, -($(".top").offsetHeight + 8));
    } else scrollTo(0, 0);
  };
  for (const field of Object.values(fields)) {
    if (field) field.addEventListener("input", () => { filter(); writeHash(); });
  }
  $("#f-clear").addEventListener("click", () => {
    for (const field of Object.values(fields)) if (field) field.value = "";
    filter();
    writeHash();
  });
  const sorter = $("#f-sort");
  for (const head of $$("th[data-sort]", table)) {
    for (const direction of head.dataset.sort === "num" ? ["descending", "ascending"] : ["ascending"]) {
      const mark = direction === "descending" ? " ↓" : head.dataset.sort === "num" ? " ↑" : "";
      sorter.add(new Option("Sort: " + head.textContent + mark, head.cellIndex + " " + direction));
    }
  }
  sorter.addEventListener("change", () => {
    const [index, direction] = sorter.value.split(" ");
    sortTable(table, Number(index), direction);
  });

  // --- accounts: the detail is a template until it is opened
  const toggle = (account, open) => {
    const button = $(".open", account);
    let more = $(":scope > tr.more", account);
    if (open && !more) {
      more = document.createElement("tr");
      more.className = "more";
      const cell = more.insertCell();
      cell.colSpan = account.rows[0].cells.length;
      cell.append($("template", account).content.cloneNode(true));
      account.append(more);
    }
    if (more) more.hidden = !open;
    account.classList.toggle("is-open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr.row");
    if (!row || event.target.closest("a") || String(getSelection())) return;
    const account = row.parentNode;
    toggle(account, !account.classList.contains("is-open"));
  });

  // --- accounts: the shown rows as CSV; a leading = + - @ is quoted, so that no sheet runs it
  const csvCell = (text) => {
    const safe = /^[=+\-@\t\r]/.test(text) && isNaN(Number(text)) ? "'" + text : text;
    return '"' + safe.replaceAll('"', '""') + '"';
  };
  $("#f-csv").addEventListener("click", () => {
    const heads = [...table.tHead.rows[0].cells];
    const picked = heads.filter((head) => head.dataset.sort).map((head) => head.cellIndex);
    const lines = [["Account id", "Account", "Color", "Why unscored", "Manager", "Segment", ...picked.slice(1).map((i) => heads[i].textContent)]];
    for (const account of $$("tbody.account", table)) {
      if (account.hidden) continue;
      const { id, color, reason, csm, segment } = account.dataset;
      const name = $(".open", account).lastChild.textContent;
      lines.push([id, name, color, reason, csm, segment, ...picked.slice(1).map((i) => account.rows[0].cells[i].dataset.v)]);
    }
    const text = lines.map((line) => line.map(csvCell).join(",")).join("\r\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv" }));
    link.download = "accounts.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  // --- metrics: search
  const metricSearch = $("#metric-search");
  metricSearch.addEventListener("input", () => {
    const words = metricSearch.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of $$("#metrics-table > tbody > tr")) {
      row.hidden = !words.every((word) => row.dataset.search.includes(word));
    }
  });

  // --- charts: tips
  const tip = $("#tip");
  const showTip = (event) => {
    const hit = event.target.closest ? event.target.closest(".hit") : null;
    tip.hidden = !hit;
    if (!hit) return;
    tip.textContent = hit.dataset.tip;
    const box = tip.getBoundingClientRect();
    const left = event.clientX + 14 + box.width > innerWidth ? event.clientX - box.width - 14 : event.clientX + 14;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = Math.max(4, Math.min(event.clientY - box.height / 2, innerHeight - box.height - 4)) + "px";
  };
  addEventListener("pointermove", showTip);
  addEventListener("pointerdown", showTip);

  addEventListener("hashchange", show);
  show();
})();
