// Starts GraphiQL with the settings that the page carries.
(() => {
  "use strict";

  const h = React.createElement;
  const settings = JSON.parse(document.getElementById("settings").textContent);

  // How the page looks is remembered for good. What was typed is kept while this browser tab lives, apart for each set
  // of default headers: GraphiQL's history holds headers, and a key must not stay behind in the browser.
  const LOOKS = /^graphiql:(theme|.*Flex)$/;
  const session = (key) => `staygraph:${settings.store}:${key}`;

  const storage = {
    getItem: (key) => (LOOKS.test(key) ? localStorage.getItem(key) : sessionStorage.getItem(session(key))),
    setItem: (key, value) =>
      LOOKS.test(key) ? localStorage.setItem(key, value) : sessionStorage.setItem(session(key), value),
    removeItem: (key) => (LOOKS.test(key) ? localStorage.removeItem(key) : sessionStorage.removeItem(session(key))),
    get length() {
      return Object.keys(sessionStorage).filter((key) => key.startsWith(session(""))).length;
    },
    clear() {
      Object.keys(sessionStorage)
        .filter((key) => key.startsWith(session("")))
        .forEach((key) => sessionStorage.removeItem(key));
    },
  };

  // GraphiQL's own default tabs leave the first tab's variables empty, so the tabs are laid out as if they had been
  // left so by an earlier visit.
  function layOutTabs() {
    const tabs = settings.tabs.map(({ query, variables }, index) => {
      const operationName = query.match(/^\s*(?:query|mutation|subscription)\s+(\w+)/m)?.[1] ?? null;
      return {
        id: `example-${index}`,
        title: operationName ?? "<untitled>",
        query,
        variables,
        headers: null,
        operationName,
        response: null,
        hash: null,
      };
    });
    const [first] = tabs;
    if (!first || storage.getItem("graphiql:tabState")) return;
    storage.setItem("graphiql:tabState", JSON.stringify({ tabs, activeTabIndex: 0 }));
    storage.setItem("graphiql:query", first.query);
    storage.setItem("graphiql:variables", first.variables ?? "");
    storage.setItem("graphiql:visiblePlugin", "Documentation Explorer");
  }

  const endpoint = new URL(location.pathname, location.href);
  const socket = new URL(endpoint);
  socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";

  // Subscriptions send the header editor's headers as connection parameters: browsers add none to a WebSocket.
  const send = GraphiQL.createFetcher({ url: endpoint.href, subscriptionUrl: socket.href });
  const lacksKey = (headers) => JSON.stringify(headers ?? {}).includes(settings.placeholder);
  const needsKey = {
    errors: [
      {
        message:
          `Put an API key in the place of ${settings.placeholder} in the Headers editor. ` +
          "To make one, run `staygraph keys create --name explorer`.",
      },
    ],
  };
  const fetcher = (operation, options) =>
    lacksKey(options?.headers) ? Promise.resolve(needsKey) : send(operation, options);

  // The documentation needs a key too: it is fetched again when the headers have changed, until it is there.
  const SETTLE_MILLISECONDS = 600;
  let documented = false;
  let settling;
  const onEditHeaders = () => {
    clearTimeout(settling);
    if (!documented) settling = setTimeout(fetchSchema, SETTLE_MILLISECONDS);
  };
  const onSchemaChange = () => {
    documented = true;
  };

  // GraphiQL offers no call for it, only its keyboard shortcut.
  const fetchSchema = () => window.dispatchEvent(new KeyboardEvent("keydown", { ctrlKey: true, key: "R" }));

  const plugins = [GraphiQLPluginExplorer.explorerPlugin()];
  const logo = h(
    GraphiQL.Logo,
    null,
    h(
      "span",
      { className: "explorer-logo" },
      h("img", { src: document.querySelector("link[rel=icon]").href, alt: "" }),
      "StayGraph",
    ),
  );

  layOutTabs();
  ReactDOM.createRoot(document.getElementById("explorer")).render(
    h(
      GraphiQL,
      {
        fetcher,
        storage,
        plugins,
        onEditHeaders,
        onSchemaChange,
        defaultHeaders: settings.headers,
        defaultEditorToolsVisibility: "headers",
        isHeadersEditorEnabled: true,
        inputValueDeprecation: true,
        schemaDescription: true,
      },
      logo,
    ),
  );
})();
