using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>The demo of src/ActorSocket.Server as a process of its own, which can be killed and started again on its port.</summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private readonly StringBuilder _log = new();
    private readonly string[] _arguments;
    private readonly string _folder = Directory.CreateTempSubdirectory("actorsocket-demo-").FullName;
    private Process? _process;

    private DemoServer(int port, string[] arguments)
    {
        Url = new Uri($"http://127.0.0.1:{port}");
        _arguments = arguments;
    }

    public Uri Url { get; }

    public static async Task<DemoServer> StartNewAsync(params string[] arguments)
    {
        var demo = new DemoServer(Ports.Free(), arguments);
        await demo.StartAsync();
        return demo;
    }

    public async Task StartAsync()
    {
        var project = Path.Combine(Repository.Root, "src", "ActorSocket.Server");
        var configuration = typeof(DemoServer).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var dll = Path.Combine(project, "bin", configuration, new DirectoryInfo(AppContext.BaseDirectory).Name, "ActorSocket.Server.dll");
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(
                "dotnet",
                [
                    dll,
                    "--urls",
                    Url.GetLeftPart(UriPartial.Authority),
                    "--contentRoot",
                    project,
                    $"--ActorSocket:Persistence:ConnectionString=Data Source={Path.Combine(_folder, "lobbies.db")}",
                    .. _arguments,
                ]
            )
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.OutputDataReceived += (_, line) => Log(line.Data);
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await ReadyAsync();
    }

    /// <summary>SIGKILL: nobody is told.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _process, null) is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync().WaitForAsync("the demo's process to end");
            process.Dispose();
        }
    }

    /// <summary>SIGTERM, as a supervisor stops it. Its exit code.</summary>
    public async Task<int> StopAsync()
    {
        var process = Interlocked.Exchange(ref _process, null)!;
        Assert.Equal(0, (await Tool.RunAsync("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)])).ExitCode);
        await process.WaitForExitAsync().WaitForAsync("the demo's process to stop", TimeSpan.FromSeconds(60));
        var exitCode = process.ExitCode;
        process.Dispose();
        return exitCode;
    }

    /// <summary>The value of a metric; null when it has none of that name and tag.</summary>
    public Task<double?> MetricAsync(string name, string tag = "") => MetricAsync(Url, name, tag);

    /// <summary>Likewise, of whichever process.</summary>
    public static async Task<double?> MetricAsync(Uri url, string name, string tag)
    {
        using var http = new HttpClient();
        var line = (await http.GetStringAsync(new Uri(url, "/metrics")))
            .Split('\n')
            .FirstOrDefault(line =>
                line.StartsWith(name, StringComparison.Ordinal)
                && line[name.Length] is '{' or ' '
                && line.Contains(tag, StringComparison.Ordinal)
            );
        return line is null ? null : double.Parse(line.Split("} ")[^1].Split(' ')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>Completes when a text is in the demo's store, which a crash does not touch.</summary>
    public async Task StoredAsync(string text)
    {
        var patience = Stopwatch.StartNew();
        while (!IsStored())
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(30), $"\"{text}\" was not stored.");
            await Task.Delay(50); // a file says to nobody that it is written
        }

        bool IsStored() => Has("lobbies.db") || Has("lobbies.db-wal");

        bool Has(string name)
        {
            var file = Path.Combine(_folder, name);
            if (!File.Exists(file))
                return false;
            using var shared = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(shared, Encoding.UTF8);
            return reader.ReadToEnd().Contains(text, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ReadyAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(Url, "/health/ready"));
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // Not up yet.
            }

            if (_process!.HasExited || patience.Elapsed > TimeSpan.FromSeconds(40))
                throw new InvalidOperationException($"The demo server is not ready at {Url}. It said:\n{Said()}");
            await Task.Delay(50); // it is another process, and says so to who asks only
        }
    }

    private void Log(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    /// <summary>What it has printed.</summary>
    public string Said()
    {
        lock (_log)
            return _log.ToString();
    }
}
