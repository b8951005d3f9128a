// Draws the API's description. Everything comes from this server; the validator of Swagger's own site is not asked.
const docs = document.getElementById("docs");
window.SwaggerUIBundle({
  url: docs.dataset.schema,
  domNode: docs,
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  docExpansion: "list",
});
