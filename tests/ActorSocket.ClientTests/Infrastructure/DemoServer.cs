using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>The demo of src/ActorSocket.Server as a process of its own, which can be killed and started again on its port.</summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private readonly StringBuilder _log = new();
    private readonly string[] _arguments;
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
                [dll, "--urls", Url.GetLeftPart(UriPartial.Authority), "--contentRoot", project, .. _arguments]
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

    public async ValueTask DisposeAsync() => await KillAsync();

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

    private string Said()
    {
        lock (_log)
            return _log.ToString();
    }
}
