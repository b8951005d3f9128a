// Every form works without this file. It adds: the words of the chosen country, and one sending per form.

const country = document.querySelector("select[name=recipient_address_country_code]");
if (country) {
  const general = new Map();
  for (const input of document.querySelectorAll("input[data-part]")) {
    const label = document.querySelector(`label[for=${input.id}]`);
    general.set(input.dataset.part, [label, { city: "Town or city", region: "State or region", "postal-code": "Postal code" }[input.dataset.part]]);
  }
  country.addEventListener("change", () => {
    const chosen = country.selectedOptions[0];
    for (const [part, [label, word]] of general) label.textContent = chosen.getAttribute(`data-${part}`) ?? word;
  });
}

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
