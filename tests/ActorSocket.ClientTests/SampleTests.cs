using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using SocketIOClient;
using SocketIOClient.Transport;

namespace ActorSocket.ClientTests;

/// <summary>Each sample runs as its first lines say, and does what it is there to show.</summary>
[Collection(PackedOnce.Name)] // one build at a time
public sealed class SampleTests
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

    private static async Task<(ListeningProcess Server, string Url)> RunAsync(string sample, params string[] arguments)
    {
        var url = $"http://127.0.0.1:{Ports.Free()}";
        var command = Command(sample, [.. arguments, "--urls", url]);
        return (await ListeningProcess.StartAsync("Now listening on", Repository.Root, command), url);
    }

    private static string[] Command(string sample, string[] arguments) =>
        ["run", Path.Combine("docs", "samples", sample), "--", .. arguments];

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
