using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ActorSocket.Benchmarks.Load;

namespace ActorSocket.Benchmarks;

/// <summary>One kind of server that is compared.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Title">As in the tables.</param>
/// <param name="Command">The program and its arguments; the port follows.</param>
/// <param name="Polls">Whether it speaks Socket.IO's long-polling.</param>
internal sealed record Peer(string Name, string Title, Dialect Dialect, string[] Command, bool Polls)
{
    /// <summary>Whether it is ActorSocket, however it is hosted.</summary>
    public bool IsOwn => Name is "actorsocket" or "stock";

    public static string Folder { get; } = Path.Combine(SourceFolder(), "peers");

    public static IReadOnlyList<Peer> All { get; } = Make();

    /// <summary>All, and an earlier build of ActorSocket if there is one.</summary>
    public static IEnumerable<Peer> With(string? baseline)
    {
        var own = All.Single(static peer => peer.Name == "actorsocket");
        return baseline is null
            ? All
            : All.Append(own with { Name = "baseline", Title = "ActorSocket, another build", Command = [baseline, .. own.Command[1..]] });
    }

    private static Peer[] Make()
    {
        var socketIo = new SocketIoDialect();
        string[] own = [Path.ChangeExtension(typeof(Peer).Assembly.Location, null)];
        return
        [
            new("node", "socket.io on Node (ws)", socketIo, ["node", "node.mjs"], Polls: true),
            new("uws", "socket.io on uWebSockets.js", socketIo, ["node", "uws.mjs"], Polls: true),
            new("bun", "socket.io on Bun", socketIo, [Path.Combine(Folder, "node_modules/bun/bin/bun.exe"), "bun.mjs"], Polls: true),
            new("signalr", "SignalR (JSON)", new SignalRDialect(), [.. own, "serve-signalr", "--port"], Polls: false),
            new("raw", "Kestrel WebSocket, raw", new RawDialect(), [.. own, "serve-raw", "--port"], Polls: false),
            new("actorsocket", "ActorSocket", socketIo, [.. own, "serve", "--port"], Polls: true),
            new("stock", "ActorSocket, stock Kestrel", socketIo, [.. own, "serve-stock", "--port"], Polls: true),
        ];
    }

    /// <summary>Installs what comes from npm, once: the lock file says what.</summary>
    public static async Task InstallAsync()
    {
        var installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        if (
            File.Exists(installed)
            && File.GetLastWriteTimeUtc(installed) >= File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json"))
        )
            return;
        Console.WriteLine("installing the peers with npm …");
        using var npm =
            Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]) { WorkingDirectory = Folder })
            ?? throw new LoadFailure("npm does not start");
        await npm.WaitForExitAsync();
        if (npm.ExitCode != 0)
            throw new LoadFailure("npm ci failed");
    }

    /// <summary>Starts a server on one core and waits until it answers.</summary>
    public async Task<RunningPeer> StartAsync(int core)
    {
        var port = FreePort();
        var start = new ProcessStartInfo("taskset", ["-c", $"{core}", .. Command, $"{port}"])
        {
            WorkingDirectory = Folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                // Optional native parts of ws, which one peer brings along and a plain installation of socket.io does not.
                ["WS_NO_BUFFER_UTIL"] = "1",
                ["WS_NO_UTF_8_VALIDATE"] = "1",
                ["NODE_ENV"] = "production",
            },
        };
        var running = new RunningPeer(this, Process.Start(start) ?? throw new LoadFailure("taskset does not start"), port);
        try
        {
            await running.WaitUntilListeningAsync();
            return running;
        }
        catch
        {
            running.Dispose();
            throw;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>This project's folder: the peers' scripts lie there, not beside the program.</summary>
    private static string SourceFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ActorSocket.Benchmarks.csproj")))
                return folder.FullName;
        }
        throw new LoadFailure("The sources of this project are not above " + AppContext.BaseDirectory);
    }
}

/// <summary>A server that runs. Disposed, it has ended.</summary>
internal sealed class RunningPeer : IDisposable
{
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly Process _process;
    private readonly Queue<string> _said = new();

    public RunningPeer(Peer peer, Process process, int port)
    {
        (Peer, _process, Port) = (peer, process, port);
        Running.TryAdd(process.Id, process);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Peer Peer { get; }

    /// <summary>Ends every server that still runs: whoever stops the comparison stops them too.</summary>
    public static void EndAll()
    {
        foreach (var process in Running.Values)
            process.Kill();
    }

    public int Port { get; }

    /// <summary>The server's own: taskset replaces itself.</summary>
    public int Pid => _process.Id;

    public async Task WaitUntilListeningAsync()
    {
        for (var tries = 0; tries < 200; tries++)
        {
            if (_process.HasExited)
                throw new LoadFailure("it ended at its start: " + LastWords());
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(100); // each peer says in its own way that it listens, or not at all
            }
        }
        throw new LoadFailure("it does not listen after 20 s: " + LastWords());
    }

    /// <summary>What it said of an error, for the report.</summary>
    public string LastWords()
    {
        lock (_said)
            return _said.FirstOrDefault(static line => line.Contains("Error", StringComparison.Ordinal))
                ?? _said.LastOrDefault()
                ?? "(nothing said)";
    }

    public void Dispose()
    {
        Running.TryRemove(Pid, out _);
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_said)
        {
            if (line is null or "")
                return;
            _said.Enqueue(line);
            if (_said.Count > 40)
                _said.Dequeue();
        }
    }
}
