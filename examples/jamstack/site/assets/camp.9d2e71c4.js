// The API's address stands in the page's own, as it's known only once the environment stands: ?api=https://…
const page = new URLSearchParams(location.search);
if (page.has("api")) {
  const answer = await fetch(`${page.get("api")}/greeting/${page.get("name") ?? "legate"}`);
  document.getElementById("greeting").textContent = (await answer.json()).greeting;
}
