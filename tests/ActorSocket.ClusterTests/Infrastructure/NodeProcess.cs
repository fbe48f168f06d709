using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Sdk;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>One node: a real process of ActorSocket.WireHost, and what it printed.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);
    private static readonly HttpClient Http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;
    private bool _isPaused;

    private NodeProcess(int httpPort, int clusterPort, int publicPort, Process process)
    {
        HttpPort = httpPort;
        ClusterPort = clusterPort;
        PublicPort = publicPort;
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public int HttpPort { get; }

    public int ClusterPort { get; }

    /// <summary>By which the other nodes know it.</summary>
    public int PublicPort { get; }

    public Uri Url => new($"http://127.0.0.1:{HttpPort}");

    /// <summary>What the ids of this node begin with; known once it is ready.</summary>
    public string Tag { get; private set; } = "";

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public static NodeProcess Start(int httpPort, int clusterPort, int publicPort, string seed, params string[] options)
    {
        var host = AppContext.BaseDirectory.Replace(
            typeof(NodeProcess).Assembly.GetName().Name!,
            "ActorSocket.WireHost",
            StringComparison.Ordinal
        );
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
            [
                Path.Combine(host, "ActorSocket.WireHost.dll"),
                "--port",
                $"{httpPort}",
                "--profile",
                "cluster",
                "--ends-with-input",
                "true",
                $"--ActorSocket:Cluster:Port={clusterPort}",
                $"--ActorSocket:Cluster:SeedNodes:0={seed}",
                .. options,
            ]
        )
        {
            WorkingDirectory = host,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Several of them share two cores: a quick start is worth more than the last bit of speed.
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new NodeProcess(httpPort, clusterPort, publicPort, Process.Start(start)!);
    }

    /// <summary>Waits until other nodes can reach it.</summary>
    public Task ListensAsync() => UntilAsync(
        async () =>
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, ClusterPort);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        },
        "the node to listen on its cluster port");

    /// <summary>Waits until it answers a handshake with 200.</summary>
    public async Task ReadyAsync()
    {
        await UntilAsync(async () => await StatusAsync("/ready") == HttpStatusCode.OK, "the node to be ready", TimeSpan.FromSeconds(60));
        var client = await WireClient.OpenAsync(Url);
        Tag = client.Sid[..6];
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync("1")).StatusCode);
    }

    public async Task<HttpStatusCode?> StatusAsync(string path)
    {
        try
        {
            using var response = await Http.GetAsync(new Uri(Url, path));
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public async Task<NodeState> StateAsync(bool collect = false) =>
        (
            await Http.GetFromJsonAsync<NodeState>(
                new Uri(Url, "/test/state?collect=" + (collect ? "true" : "false")),
                JsonSerializerOptions.Web
            )
        )!;

    /// <summary>What the node's journal has about a socket, or everything.</summary>
    public async Task<string[]> JournalAsync(string about) =>
        (await Http.GetFromJsonAsync<string[]>(new Uri(Url, "/test/journal?about=" + Uri.EscapeDataString(about))))!;

    /// <summary>Waits until the journal has one of these lines.</summary>
    public async Task SeenAnyAsync(IEnumerable<string> lines)
    {
        var wanted = string.Join('|', lines);
        using var response = await Http.GetAsync(new Uri(Url, "/test/seen?lines=" + Uri.EscapeDataString(wanted)));
        if (!response.IsSuccessStatusCode)
            throw new XunitException($"The node {Tag} did not see \"{wanted}\".\n{Output}");
    }

    /// <summary>How often each of the soak's entities that live on the node has ticked.</summary>
    public async Task<Dictionary<string, int>> TicksAsync() =>
        (await Http.GetFromJsonAsync<Dictionary<string, int>>(new Uri(Url, "/test/ticks")))!;

    /// <summary>The entities that live on the node.</summary>
    public async Task<CounterState[]> CountersAsync() =>
        (await Http.GetFromJsonAsync<CounterState[]>(new Uri(Url, "/test/counters"), JsonSerializerOptions.Web))!;

    /// <summary>Calls an entity by way of this node.</summary>
    public async Task<CounterState> CountAsync(string id, int add)
    {
        using var response = await Http.PostAsync(new Uri(Url, $"/test/counter?id={Uri.EscapeDataString(id)}&add={add}"), null);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<CounterState>(JsonSerializerOptions.Web))!;
    }

    /// <summary>What a game with seats has been told; null where it does not answer.</summary>
    public async Task<DuelStory?> DuelAsync(string id)
    {
        using var response = await Http.GetAsync(new Uri(Url, "/test/duel?id=" + Uri.EscapeDataString(id)));
        return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<DuelStory>(JsonSerializerOptions.Web) : null;
    }

    /// <summary>The entities with a store that live on the node.</summary>
    public async Task<KeeperReport[]> KeepersAsync() =>
        (await Http.GetFromJsonAsync<KeeperReport[]>(new Uri(Url, "/test/keepers"), JsonSerializerOptions.Web))!;

    /// <summary>Tells one of them something, by way of this node.</summary>
    public Task<KeeperAnswer> KeepAsync(string id, int add) => AskAsync($"/test/keeper?id={Uri.EscapeDataString(id)}&add={add}");

    /// <summary>Has it saved, and waits for that.</summary>
    public Task<KeeperAnswer> SaveAsync(string id) => AskAsync($"/test/keeper/save?id={Uri.EscapeDataString(id)}");

    private async Task<KeeperAnswer> AskAsync(string path)
    {
        using var response = await Http.PostAsync(new Uri(Url, path), null);
        return response.StatusCode == HttpStatusCode.Conflict
            ? new KeeperAnswer(null, await response.Content.ReadFromJsonAsync<string>())
            : new KeeperAnswer(
                await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<KeeperReport>(JsonSerializerOptions.Web), null);
    }

    public async Task<double> OpenRoomsAsync(string prefix, int count)
    {
        using var patient = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        using var response = await patient.PostAsync(new Uri(Url, $"/test/rooms?prefix={prefix}&count={count}"), null);
        return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<double>();
    }

    /// <summary>Asks again and again, until it is so; for what happens inside of another process.</summary>
    public Task UntilAsync(Func<Task<bool>> isSo, string what, TimeSpan? limit = null) =>
        UntilAsync(isSo, what, limit, () => HasExited ? $"It ended with {ExitCode}.\n{Output}" : Output);

    public static async Task UntilAsync(Func<Task<bool>> isSo, string what, TimeSpan? limit, Func<string> explain)
    {
        var start = Stopwatch.GetTimestamp();
        var bound = limit ?? TimeSpan.FromSeconds(30);
        while (!await isSo())
        {
            if (Stopwatch.GetElapsedTime(start) > bound)
                throw new XunitException($"Waited {bound} for {what}.\n{explain()}");
            await Task.Delay(LookInterval); // what happens inside of another process is said to nobody here
        }
    }

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, as an operator stops it.</summary>
    public Task TerminateAsync() => SignalAsync("TERM");

    /// <summary>SIGSTOP: it stands still, and its connections stay open.</summary>
    public async Task PauseAsync()
    {
        _isPaused = true;
        await SignalAsync("STOP");
    }

    public async Task ContinueAsync()
    {
        await SignalAsync("CONT");
        _isPaused = false;
    }

    /// <summary>The exit code.</summary>
    public async Task<int> EndAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync().WaitForAsync($"the node {Tag} to end", limit);
        }
        catch (TimeoutException e)
        {
            throw new XunitException($"{e.Message}\n{Output}", e);
        }
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            if (_isPaused)
                await ContinueAsync();
            _process.Kill();
        }
        await _process.WaitForExitAsync().WaitForAsync("a killed node to end");
        await _reading.WaitForAsync("the end of a node's output");
        _process.Dispose();
    }

    private async Task SignalAsync(string name)
    {
        var (exitCode, output) = await Tool.RunAsync("/bin/sh", ["-c", $"kill -{name} {_process.Id}"]);
        Assert.True(exitCode == 0, output);
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_output)
                _output.AppendLine(line);
        }
    }
}

/// <summary>What a node tells of its inside.</summary>
internal sealed record NodeState(
    string Tag,
    int Sessions,
    int Sockets,
    string[] Peers,
    int Unsynchronised,
    int Links,
    int WaitingElsewhere,
    int AnswersOnTheirWay,
    int RoomsElsewhere,
    long Bytes,
    long WorkingSet,
    double ProcessorMilliseconds,
    int Threads,
    int Descriptors,
    int Actors
);

/// <summary>An entity as it sees itself.</summary>
internal sealed record CounterState(string Id, string Node, int Count, long Ticks, long LongestPause)
{
    /// <summary>The count of one whose count was lost.</summary>
    public const int Lost = -1;
}

/// <summary>Where a game with seats lives, and what it has been told of each, from the first on.</summary>
internal sealed record DuelStory(string Node, Dictionary<long, List<string>> Stories);

/// <summary>An entity with a store as it sees itself.</summary>
internal sealed record KeeperReport(string Id, string Node, int Count, long Ticks, long TicksAtStart, long LongestPause);

/// <summary>What it answers, or why it does not.</summary>
internal sealed record KeeperAnswer(KeeperReport? Report, string? Refusal);
