using System.Text.Json;
using System.Text.RegularExpressions;
using ActorSocket.ClientTests.Infrastructure;
using SocketIOClient;
using SocketIOClient.Transport;
using static Microsoft.Playwright.Assertions;

namespace ActorSocket.ClientTests;

/// <summary>Each sample runs as its first lines say, and does what it is there to show.</summary>
[Collection(PackedOnce.Name)] // one build at a time
public sealed partial class SampleTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Fact]
    public async Task The_chat_lets_two_talk()
    {
        var (server, url) = await RunAsync("chat.cs");
        await using var running = server;
        using var ada = await ConnectAsync(url);
        using var bob = await ConnectAsync(url);
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        bob.On("said", said => heard.TrySetResult(said.GetValue<string>() + ": " + said.GetValue<string>(1)));
        Assert.Equal("Ada", (await AskAsync(ada, "enter", "Ada")).GetString());
        Assert.Equal("Bob", (await AskAsync(bob, "enter", "Bob")).GetString());
        Assert.True((await AskAsync(ada, "say", "hello")).GetBoolean());
        Assert.Equal("Ada: hello", await heard.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal("A message has 1 to 500 characters.", ErrorOf(await AskAsync(ada, "say", "")).GetProperty("message").GetString());
        using var http = new HttpClient();
        Assert.Contains("/socket.io/socket.io.js", await http.GetStringAsync(new Uri(url)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hub_lets_in_who_has_a_token_and_administrators_stop_it()
    {
        var (server, url) = await RunAsync("jwt.cs");
        await using var running = server;
        using var ada = await SignInAsync(url, "ada");
        using var root = await SignInAsync(url, "root");
        Assert.Equal("ada", (await AskAsync(ada, "who")).GetString());
        Assert.Equal("UNAUTHORIZED", ErrorOf(await AskAsync(ada, "stop")).GetProperty("code").GetString());
        Assert.Equal("stopped", (await AskAsync(root, "stop")).GetString());
        using var stranger = new SocketIO(url + "/game", new SocketIOOptions { Reconnection = false, Auth = new { token = "mine" } });
        var refused = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        stranger.OnError += (_, error) => refused.TrySetResult(error);
        _ = stranger.ConnectAsync();
        Assert.Contains("Unauthorized", await refused.Task.WaitAsync(TimeSpan.FromSeconds(60)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_actor_counts_for_its_client()
    {
        var (server, url) = await RunAsync("actor.cs");
        await using var running = server;
        using var ada = await ConnectAsync(url);
        var told = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await AskAsync(ada, "click");
        ada.On("clicks", clicks => told.TrySetResult(clicks.GetValue<int>()));
        Assert.Equal(2, (await AskAsync(ada, "click")).GetInt32());
        Assert.InRange(await told.Task.WaitAsync(TimeSpan.FromSeconds(60)), 1, 2);
    }

    [Fact]
    public async Task A_worker_reaches_the_clients_of_a_server()
    {
        var seed = Ports.Free();
        string[] Joined(int port) => [$"--ActorSocket:Cluster:Port={port}", $"--ActorSocket:Cluster:SeedNodes:0=127.0.0.1:{seed}"];
        var (server, url) = await RunAsync("worker.cs", ["server", .. Joined(seed)]);
        await using var running = server;
        using var ada = await ConnectAsync(url);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ada.On("time", _ => told.TrySetResult());
        var command = Command("worker.cs", Joined(Ports.Free()));
        await using var worker = await ListeningProcess.StartAsync("Application started", Repository.Root, command);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task The_page_tells_how_its_connection_is_and_loses_no_message_of_its_own()
    {
        await BuildPageAsync();
        var (server, url) = await RunAsync("react/server.cs");
        await using var first = server;
        await using var ada = await SignInAsync(url, "Ada", "1 here");
        await using var bob = await SignInAsync(url, "Bob", "2 here"); // StrictMode has connected each twice
        await Expect(ada.Page.GetByText("2 here")).ToBeVisibleAsync();

        await ada.Page.Context.SetOfflineAsync(true);
        await LostAsync(ada);
        await SayAsync(ada, "from a tunnel", "waiting");
        await SayAsync(bob, "nobody hears me", "said");
        await ada.Page.Context.SetOfflineAsync(false);
        await StatusAsync(ada, "Online, nothing missed");
        await Expect(Lines(ada)).ToHaveTextAsync(["I: from a tunnel said", "Bob: nobody hears me"]);
        await Expect(Lines(bob)).ToHaveTextAsync(["I: nobody hears me said", "Ada: from a tunnel"]);

        await server.DisposeAsync();
        await LostAsync(bob);
        await SayAsync(bob, "while there is no server", "waiting");
        await using var second = await StartAsync("react/server.cs", url);
        foreach (var tab in (Tab[])[ada, bob])
            await StatusAsync(tab, "Online, something may be missing");
        await Expect(Lines(bob).Last).ToHaveTextAsync("I: while there is no server said");
        await SayAsync(ada, "we are back", "said");
        await Expect(Lines(bob).Last).ToHaveTextAsync("Ada: we are back");
        await Expect(Lines(ada).Filter(new() { HasText = "from a tunnel" })).ToHaveCountAsync(1);
    }

    private static async Task BuildPageAsync()
    {
        await Prerequisites.NodeAsync();
        var folder = Path.Combine(Repository.Root, "docs", "samples", "react");
        foreach (var command in (string[][])[["ci", "--no-audit", "--no-fund"], ["run", "build"]])
        {
            var (exitCode, output) = await Tool.RunAsync("npm", command, folder, TimeSpan.FromMinutes(5));
            Assert.True(exitCode == 0, $"npm {string.Join(' ', command)} failed:\n{output}");
        }
    }

    private async Task<Tab> SignInAsync(string url, string name, string here)
    {
        var tab = await chromium.OpenAsync(new Uri(url));
        await tab.Page.GetByPlaceholder("Your name").FillAsync(name);
        await tab.Page.GetByText("Sign in").ClickAsync();
        await StatusAsync(tab, "Online");
        await Expect(tab.Page.GetByText(here)).ToBeVisibleAsync();
        return tab;
    }

    private static Microsoft.Playwright.ILocator Lines(Tab tab) => tab.Page.Locator("li");

    private static Task StatusAsync(Tab tab, string text) =>
        Expect(tab.Page.Locator("[role=status]")).ToHaveTextAsync(text, new() { Timeout = 60_000 });

    // Which attempt it is at just now is its own.
    private static Task LostAsync(Tab tab) => Expect(tab.Page.Locator("[role=status]"))
        .ToHaveTextAsync(WaitsForAttempt(), new() { Timeout = 20_000 });

    [GeneratedRegex(@"^Connection lost, attempt \d+ in about \d s$", RegexOptions.None, 1000)]
    private static partial Regex WaitsForAttempt();

    private static async Task SayAsync(Tab tab, string text, string state)
    {
        await tab.Page.GetByPlaceholder("Your message").FillAsync(text);
        await tab.Page.GetByText("Say", new() { Exact = true }).ClickAsync();
        await Expect(Lines(tab).Last).ToHaveTextAsync($"I: {text} {state}", new() { Timeout = 20_000 });
    }

    private static async Task<(ListeningProcess Server, string Url)> RunAsync(string sample, params string[] arguments)
    {
        var url = $"http://127.0.0.1:{Ports.Free()}";
        return (await StartAsync(sample, url, arguments), url);
    }

    private static Task<ListeningProcess> StartAsync(string sample, string url, params string[] arguments) =>
        ListeningProcess.StartAsync("Now listening on", Repository.Root, Command(sample, [.. arguments, "--urls", url]));

    private static string[] Command(string sample, string[] arguments) =>
        ["run", "-c", "Release", .. References, Path.Combine("docs", "samples", sample), "--", .. arguments];

    /// <summary>What they refer to is built already with these tests, if those are of the same configuration.</summary>
    private static readonly string[] References =
        PackedProjects.Configuration == "Release" ? ["-p:BuildProjectReferences=false"] : [];

    private static async Task<SocketIO> SignInAsync(string url, string name)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(new Uri($"{url}/login?name={name}"), null);
        return await ConnectAsync(url + "/game", new { token = await answer.Content.ReadAsStringAsync() });
    }

    // By WebSocket at once: this client opens a second session instead of upgrading its first.
    private static async Task<SocketIO> ConnectAsync(string url, object? auth = null)
    {
        var options = new SocketIOOptions { Auth = auth, Transport = TransportProtocol.WebSocket, AutoUpgrade = false };
        var client = new SocketIO(url, options);
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.OnConnected += (_, _) => connected.TrySetResult(); // ConnectAsync returns before the namespace has let it in
        await client.ConnectAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await connected.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return client;
    }

    private static JsonElement ErrorOf(JsonElement answer) => answer.GetProperty("error");

    private static async Task<JsonElement> AskAsync(SocketIO client, string name, params object[] args)
    {
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        await client.EmitAsync(name, response => answer.TrySetResult(response.GetValue<JsonElement>()), args);
        return await answer.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }
}
