// Finds what keeps people out: names that are missing, colours too close, targets too small.
() => {
  const problems = [];
  const seen = (each) => each.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const nameOf = (each) => each.ariaLabel || [...(each.labels ?? [])].map((label) => label.textContent).join("");

  for (const each of all("input, select, textarea")) {
    if (!nameOf(each)) problems.push(`no label: ${each.outerHTML}`);
  }
  for (const each of all("button, a")) {
    if (!(each.ariaLabel || each.textContent.trim())) problems.push(`no name: ${each.outerHTML}`);
  }
  for (const each of all("table")) {
    if (!each.caption?.textContent || !each.querySelector("th[scope=col]")) problems.push("a table without headers");
  }
  for (const each of all("svg")) {
    if (!each.getAttribute("aria-label") && each.getAttribute("aria-hidden") !== "true") problems.push("a plot without words");
  }
  if (all("h1").length !== 1) problems.push("not one h1");
  if (document.documentElement.lang !== "en") problems.push("no language");
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  problems.push(...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `twice: ${id}`));
  for (const each of document.querySelectorAll("[aria-describedby], [aria-labelledby]")) {
    const named = `${each.getAttribute("aria-describedby") ?? ""} ${each.getAttribute("aria-labelledby") ?? ""}`;
    for (const id of named.split(" ").filter(Boolean)) {
      // The dialog has its title while it is open.
      if (!document.getElementById(id) && id !== "dialog-title") problems.push(`leads nowhere: ${id}`);
    }
  }
  for (const each of all("button, input, select, textarea, nav a, summary, a.button")) {
    if (each.getBoundingClientRect().height < 44) problems.push(`too small: ${each.textContent}`);
  }

  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) =>
    0.2126 * light(red / 255) + 0.7152 * light(green / 255) + 0.0722 * light(blue / 255);
  const groundOf = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if ((colour[3] ?? 1) > 0) return colour;
    }
    return [255, 255, 255];
  };
  for (const each of all("body *")) {
    const own = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own || each.closest(":disabled, [aria-disabled=true]")) continue;
    const style = getComputedStyle(each);
    const ink = each instanceof SVGElement ? style.fill : style.color;
    const pair = [luminance(parse(ink)), luminance(groundOf(each))].sort((one, other) => other - one);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(1)}: ${each.textContent}`);
  }
  const { scrollWidth } = document.scrollingElement;
  if (scrollWidth > innerWidth) problems.push(`wider than the screen: ${scrollWidth}`);
  return problems;
}
