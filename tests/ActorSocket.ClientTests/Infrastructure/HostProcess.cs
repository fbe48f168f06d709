using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>tests/ActorSocket.WireHost as a process of its own, with the handlers of the client scripts.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const string Listening = "listening on ";
    private const string Noted = "journal ";
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<Uri> _url = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITestOutputHelper _output;
    private readonly Process _process;

    private HostProcess(ITestOutputHelper output, IEnumerable<string> arguments)
    {
        _output = output;
        var configuration = typeof(HostProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var dll = Path.Combine(Repository.Root, "tests", "ActorSocket.WireHost", "bin", configuration, new DirectoryInfo(AppContext.BaseDirectory).Name, "ActorSocket.WireHost.dll");
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [dll, .. arguments])
            {
                WorkingDirectory = AppContext.BaseDirectory,
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    public Journal Journal { get; } = new();

    public static Task<HostProcess> StartAsync(ITestOutputHelper output, string profile, params string[] settings) => StartAsync(output, profile, "client", settings);

    public static async Task<HostProcess> StartAsync(ITestOutputHelper output, string profile, string handlers, string[] settings)
    {
        var host = new HostProcess(output, ["--port=0", $"--handlers={handlers}", $"--profile={profile}", .. settings.Select(static setting => $"--ActorSocket:{setting}")]);
        host._process.Start();
        host._process.BeginOutputReadLine();
        host._process.BeginErrorReadLine();
        try
        {
            host.Url = await host._url.Task.WaitForAsync("the WireHost to start");
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitForAsync("the WireHost's process to end");
        _process.Dispose();
        foreach (var line in _log)
            _output.WriteLine(line);
    }

    private void Read(string? line)
    {
        if (line is null)
            _url.TrySetException(new InvalidOperationException($"The WireHost ended:\n{string.Join('\n', _log)}"));
        else if (line.StartsWith(Listening, StringComparison.Ordinal))
            _url.TrySetResult(new Uri(line[Listening.Length..]));
        else if (line.StartsWith(Noted, StringComparison.Ordinal))
            Journal.Add(line[Noted.Length..]);
        else
            _log.Enqueue(line);
    }
}
