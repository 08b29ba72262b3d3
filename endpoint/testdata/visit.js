// Asks for a page twice, on two connections, the second with the TLS session
// of the first, and prints the two answers. Arguments: port, file of the root
// certificate, TLS version.
const https = require("https"), fs = require("fs");
const [port, root, version] = process.argv.slice(2);
let session;
function visit(then) {
  const options = {
    host: "127.0.0.1", port, path: "/api/tls", servername: "localhost", ca: fs.readFileSync(root),
    minVersion: version, maxVersion: version, session, agent: false,
  };
  const request = https.get(options, (response) => {
    let body = "";
    response.on("data", (part) => (body += part));
    response.on("end", () => { console.log(body); request.socket.end(); setTimeout(then, 50); });
  });
  request.on("socket", (socket) => socket.on("session", (s) => (session = s)));
  request.on("error", (err) => { console.error(err); process.exit(1); });
}
visit(() => visit(() => {}));
