using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Chromium with the client that the server itself serves, on a page of the test server.</summary>
[Collection(ChromiumGroup.Name)]
public sealed class BrowserTests(Chromium chromium, ITestOutputHelper output)
{
    private const string Prelude = """
        const transports = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] }[mode];
        const connect = (url = "/", options = {}) => new Promise((resolve, reject) => {
          const socket = io(url, { transports, reconnection: false, ...options });
          socket.on("connect", () => resolve(socket)).on("connect_error", (error) => reject(new Error(`${error.message} ${error.description ?? ""}`)));
        });
        const upgraded = (socket) => new Promise((resolve) => {
          const engine = socket.io.engine;
          if (mode !== "upgrade" || engine.transport.name === "websocket") resolve(); else engine.once("upgrade", resolve);
        });
        """;

    [Theory]
    [EachTransport]
    public async Task Blobs_and_buffers_go_both_ways(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        await using var tab = await chromium.OpenAsync(server.Url);

        var result = await RunAsync(tab, mode, """
            const socket = await connect();
            const bytes = (...values) => new Uint8Array(values);
            const list = async (value) => [...new Uint8Array(value instanceof Blob ? await value.arrayBuffer() : value)];
            const came = new Promise((resolve) => socket.once("echo", (...args) => resolve(args)));
            socket.emit("echo", new Blob([bytes(0, 1, 255)]), { file: new File([bytes(2, 3)], "a.bin"), buffer: bytes(4).buffer, view: bytes(9, 5, 6).subarray(1) }, "text", new Blob([]));
            const [blob, nested, text, empty] = await came;
            const acked = await socket.emitWithAck("ask", new Blob([new Uint8Array(300000).fill(7)]));
            socket.on("give bytes", (asked, answer) => answer(new Blob([asked, bytes(9)])));
            const given = await socket.emitWithAck("ask me for bytes", new Blob([bytes(8)]));
            await upgraded(socket);
            return JSON.stringify({
              blob: await list(blob), file: await list(nested.file), buffer: await list(nested.buffer), view: await list(nested.view), text, empty: await list(empty),
              acked: acked.byteLength, sum: new Uint8Array(acked).reduce((a, b) => a + b, 0), given: await list(given), transport: socket.io.engine.transport.name,
            });
            """);

        var transport = mode == "polling" ? "polling" : "websocket";
        Assert.Equal(
            $$"""{"blob":[0,1,255],"file":[2,3],"buffer":[4],"view":[5,6],"text":"text","empty":[],"acked":300000,"sum":2100000,"given":[8,9],"transport":"{{transport}}"}""",
            result.GetString());
    }

    [Fact]
    public async Task Two_namespaces_open_one_WebSocket()
    {
        await using var server = await RealServer.StartAsync(output);
        await using var tab = await chromium.OpenAsync(server.Url);

        var result = await RunAsync(tab, "upgrade", """
            const [root, lobby] = await Promise.all([connect("/"), connect("/lobby")]);
            await upgraded(root);
            return [(await root.emitWithAck("whoami")).connections, (await lobby.emitWithAck("whoami")).namespace, root.io === lobby.io];
            """);

        Assert.Equal("""[1,"/lobby",true]""", result.GetRawText());
        Assert.Equal(1, tab.OpenWebSockets);
        Assert.Equal(1, tab.OpenedWebSockets);
    }

    [Theory]
    [EachTransport]
    public async Task A_closed_tab_is_noticed(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        var tab = await chromium.OpenAsync(server.Url);
        var id = (
            await RunAsync(
                tab,
                mode,
                "const socket = await connect(); await upgraded(socket); return (await socket.emitWithAck('whoami')).id;"
            )
        ).GetString();

        await tab.DisposeAsync();

        await server.Journal.SeenAnyAsync([$"{id} disconnect transport close", $"{id} disconnect transport error"]);
    }

    [Theory]
    [EachTransport]
    public async Task A_page_that_closes_before_it_unloads_says_goodbye(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        await using var tab = await chromium.OpenAsync(server.Url);
        // The event alone, so that it is the client that ends the connection and not the browser that takes the page down.
        var ids = await RunAsync(tab, mode, """
            const stays = await connect();
            const goes = await connect("/", { closeOnBeforeunload: true });
            await Promise.all([upgraded(stays), upgraded(goes)]);
            const id = (await goes.emitWithAck("whoami")).id;
            window.dispatchEvent(new Event("beforeunload"));
            return [id, (await stays.emitWithAck("whoami")).id];
            """);

        await server.Journal.SeenAsync($"{ids[0].GetString()} disconnect transport close");
        Assert.Equal(ids[1].GetString(), Assert.Single(server.Io.Sockets).Id);
    }

    [Fact]
    public async Task A_client_of_version_2_polls_by_JSONP()
    {
        await using var server = await RealServer.StartAsync(output, static options => options.AllowEIO3 = true);
        await using var tab = await chromium.OpenAsync(server.Url);
        await Prerequisites.NodeAsync();
        await tab.Page.AddScriptTagAsync(
            new() { Path = Path.Combine(Repository.ClientTests, "node", "node_modules", "socket.io-client-v2", "dist", "socket.io.js") }
        );

        var result = await RunAsync(tab, "polling", """
            const old = io("/", { transports, forceJSONP: true, reconnection: false });
            await new Promise((resolve, reject) => old.on("connect", resolve).on("connect_error", reject));
            const ask = (...args) => new Promise((resolve) => old.emit("ask", ...args, (...answer) => resolve(answer)));
            const texts = ["a\nb", "a\\nb", "\\\n", "\u2028\u2029", "é🙂", "\"'<&>+%20", "x".repeat(100000)];
            const back = await ask(...texts);
            const [bytes] = await ask(new Uint8Array([0, 1, 255]).buffer);
            const { query } = (await new Promise((resolve) => old.emit("handshake", resolve)));
            const mine = (await new Promise((resolve) => old.emit("whoami", resolve))).id === old.id;
            old.close();
            return JSON.stringify({ same: JSON.stringify(back) === JSON.stringify(texts), bytes: [...new Uint8Array(bytes)], j: query.j, mine, xhr: performance.getEntriesByType("resource").filter((one) => one.initiatorType === "xmlhttprequest").length });
            """);

        Assert.Equal("""{"same":true,"bytes":[0,1,255],"j":"0","mine":true,"xhr":0}""", result.GetString());
    }

    [Theory]
    [EachTransport]
    public async Task A_page_of_another_origin_may_connect_when_CORS_allows_it(string mode)
    {
        await using var page = await RealServer.StartAsync(output);
        await using var server = await RealServer.StartAsync(
            output,
            options => options.Cors = new CorsPolicyBuilder(Origin(page)).AllowAnyHeader().AllowAnyMethod().AllowCredentials().Build()
        );
        await using var tab = await chromium.OpenAsync(page.Url);

        var result = await RunAsync(
            tab,
            mode,
            $$"""
            const socket = await connect("{{Origin(
                server
            )}}", { withCredentials: true, ...(mode === "websocket" ? {} : { extraHeaders: { "X-Test": "yes" } }) });
            const answer = await socket.emitWithAck("ask", "across");
            await upgraded(socket);
            return answer;
            """);

        Assert.Equal("across", result.GetString());
        Assert.Equal(1, server.Io.ConnectionCount);
    }

    [Fact]
    public async Task A_page_of_another_origin_is_kept_out_by_default()
    {
        await using var page = await RealServer.StartAsync(output);
        await using var server = await RealServer.StartAsync(output);
        await using var tab = await chromium.OpenAsync(page.Url);

        var result = await RunAsync(
            tab,
            "polling",
            $$"""return connect("{{Origin(server)}}").then(() => "connected", (error) => error.message.trim());"""
        );

        Assert.StartsWith("xhr poll error", result.GetString(), StringComparison.Ordinal);
    }

    private static string Origin(RealServer server) => server.Url.GetLeftPart(UriPartial.Authority);

    private static async Task<JsonElement> RunAsync(Tab tab, string mode, string script)
    {
        try
        {
            return await tab
                .Page.EvaluateAsync<JsonElement>($"async (mode) => {{ {Prelude}\n{script} }}", mode)
                .WaitForAsync("the script in the page", TimeSpan.FromSeconds(30));
        }
        catch (Exception e) when (e is Microsoft.Playwright.PlaywrightException or TimeoutException)
        {
            throw new Xunit.Sdk.XunitException($"{e.Message}\n{string.Join('\n', tab.Console)}", e);
        }
    }
}
