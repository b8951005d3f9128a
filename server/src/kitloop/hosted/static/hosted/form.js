// Every form works without this file. It adds: the words of the chosen country, and one sending per form.

const country = document.querySelector("select[name=recipient_address_country_code]");
country?.addEventListener("change", () => {
  const chosen = country.selectedOptions[0];
  const general = { city: "Town or city", region: "State or region", postal_code: "Postal code" };
  for (const input of document.querySelectorAll("input[data-part]")) {
    const part = input.dataset.part;
    document.querySelector(`label[for=${input.id}]`).textContent = chosen.getAttribute(`data-${part}`) ?? general[part];
    // What to do where addresses have no such part: no help in a country whose addresses do.
    const help = document.getElementById(`${input.id}_helptext`);
    if (help) help.hidden = (chosen.dataset.known ?? "").split(" ").includes(part);
  }
});

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelector("button[type=submit]").setAttribute("aria-busy", "true");
  });
}
// Coming back by the Back button, the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("button[type=submit]").removeAttribute("aria-busy");
  }
});
