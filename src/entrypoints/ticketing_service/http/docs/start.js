// No validator: it would be called over the network.
SwaggerUIBundle({
  // Beside this script, wherever the service is.
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  validatorUrl: null,
  deepLinking: true,
  persistAuthorization: false,
});
