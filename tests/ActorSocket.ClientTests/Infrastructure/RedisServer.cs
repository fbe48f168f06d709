using System.Diagnostics;
using System.Globalization;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>A Redis of its own: Debian's, which keeps nothing.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string _program;
    private readonly int _port = Ports.Free();
    private Process? _process;

    private RedisServer(string program) => _program = program;

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    public Uri Url => new($"redis://{Address}");

    public static async Task<RedisServer> StartAsync()
    {
        var server = new RedisServer(await Prerequisites.RedisAsync());
        await server.StartAgainAsync();
        return server;
    }

    public async Task StartAgainAsync()
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(
                _program, ["--port", $"{_port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", Path.GetTempPath()])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            },
        };
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("Ready to accept connections", StringComparison.Ordinal) == true)
                ready.TrySetResult();
        };
        _process.Start();
        _process.BeginOutputReadLine();
        await ready.Task.WaitForAsync("redis-server to be ready");
    }

    public async Task CrashAsync()
    {
        if (Interlocked.Exchange(ref _process, null) is not { } process)
            return;
        using (process)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync() => await CrashAsync();
}
