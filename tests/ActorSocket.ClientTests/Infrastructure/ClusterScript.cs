using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>The demo as a cluster behind nginx: what config/run-cluster.sh runs.</summary>
internal sealed partial class ClusterScript : IAsyncDisposable
{
    private const int Nodes = 3;
    private readonly StringBuilder _said = new();
    private readonly Process _script;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ClusterScript(int port, int clusterPort, string[] arguments)
    {
        Url = new Uri($"http://127.0.0.1:{port}");
        var configuration = typeof(ClusterScript).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        _script = new Process
        {
            StartInfo = new ProcessStartInfo(
                Path.Combine(Repository.Root, "config", "run-cluster.sh"),
                [
                    "--no-build",
                    "--configuration",
                    configuration,
                    "--port",
                    Text(port),
                    "--cluster-port",
                    Text(clusterPort),
                    "--nodes",
                    Text(Nodes),
                    "--",
                    .. arguments,
                ]
            )
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
            EnableRaisingEvents = true,
        };
        _script.OutputDataReceived += (_, line) => Log(line.Data);
        _script.ErrorDataReceived += (_, line) => Log(line.Data);
        _script.Exited += (_, _) =>
            _ready.TrySetException(new InvalidOperationException($"config/run-cluster.sh has ended. It said:\n{Said}"));
    }

    /// <summary>Where nginx listens.</summary>
    public Uri Url { get; }

    /// <summary>What the script has printed.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    public static async Task<ClusterScript> StartAsync(params string[] arguments)
    {
        await Prerequisites.NginxAsync();
        var cluster = new ClusterScript(FreeRange(Nodes + 1), FreeRange(Nodes), arguments);
        cluster._script.Start();
        cluster._script.BeginOutputReadLine();
        cluster._script.BeginErrorReadLine();
        try
        {
            await cluster._ready.Task.WaitForAsync("the cluster to be ready", TimeSpan.FromSeconds(150));
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
        return cluster;
    }

    /// <summary>Where a node listens itself; the first is 1.</summary>
    public Uri UrlOf(int node) => new($"http://127.0.0.1:{Url.Port + node}");

    /// <summary>The node that an id was made on: ids begin with their node's tag.</summary>
    public async Task<int> NodeOfAsync(string id)
    {
        using var http = new HttpClient();
        for (var node = 1; node <= Nodes; node++)
        {
            if (!IsRunning(node))
                continue;
            var open = await http.GetStringAsync(new Uri(UrlOf(node), "/socket.io/?EIO=4&transport=polling"));
            var sid = SidPattern().Match(open).Groups["tag"].Value;
            await http.PostAsync(
                new Uri(UrlOf(node), $"/socket.io/?EIO=4&transport=polling&sid={SidPattern().Match(open).Groups["sid"].Value}"),
                new StringContent("1")
            );
            if (id.StartsWith(sid, StringComparison.Ordinal))
                return node;
        }
        throw new InvalidOperationException($"No node makes ids like {id}.");
    }

    /// <summary>The value of a metric of one node; null when it has none of that name and tag.</summary>
    public Task<double?> MetricAsync(int node, string name, string tag = "") => DemoServer.MetricAsync(UrlOf(node), name, tag);

    public bool IsRunning(int node) => !Said.Contains($"node {node} (process {ProcessOf(node)}) has ended", StringComparison.Ordinal);

    /// <summary>Sends a signal to a node, by its process, and waits until it has ended.</summary>
    public async Task<int> EndAsync(int node, string signal)
    {
        Assert.Equal(0, (await Tool.RunAsync("kill", ["-" + signal, Text(ProcessOf(node))])).ExitCode);
        await Bounded.UntilAsync(() => !IsRunning(node), $"node {node} to end");
        return NumberAfter($"node {node} (process {ProcessOf(node)}) has ended with exit code ");
    }

    /// <summary>As Ctrl-C or a supervisor stops it. Its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await Tool.RunAsync("kill", ["-TERM", Text(_script.Id)]);
        await _script.WaitForExitAsync().WaitForAsync("config/run-cluster.sh to stop");
        return _script.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_script.HasExited)
            await StopAsync();
        _script.Dispose();
    }

    private int ProcessOf(int node) => NumberAfter($"node {node}: {UrlOf(node).GetLeftPart(UriPartial.Authority)}, process ");

    /// <summary>The number that follows a text in what the script has printed.</summary>
    private int NumberAfter(string text)
    {
        var said = Said;
        var start = said.IndexOf(text, StringComparison.Ordinal) + text.Length;
        Assert.True(start >= text.Length, $"config/run-cluster.sh did not say \"{text}\". It said:\n{said}");
        return int.Parse(said.AsSpan(start, said.AsSpan(start).IndexOfAnyExceptInRange('0', '9')), CultureInfo.InvariantCulture);
    }

    /// <summary>Ports that follow each other, below Linux's ephemeral range.</summary>
    private static int FreeRange(int count)
    {
        while (true)
        {
            var first = Random.Shared.Next(10_000, 19_900);
            try
            {
                for (var port = first; port < first + count; port++)
                {
                    using var probe = new TcpListener(System.Net.IPAddress.Loopback, port);
                    probe.Start();
                }
                return first;
            }
            catch (SocketException)
            {
                // One is taken: try others.
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Log(string? line)
    {
        lock (_said)
            _said.Append(line).Append('\n');
        if (line?.StartsWith("Ready: ", StringComparison.Ordinal) == true)
            _ready.TrySetResult();
    }

    [GeneratedRegex("\"sid\":\"(?<sid>(?<tag>.{6})[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SidPattern();
}
