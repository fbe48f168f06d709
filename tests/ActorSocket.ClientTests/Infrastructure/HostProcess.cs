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
    private const int IdleAtMost = 4;
    private static readonly TimeSpan UntilIdle = TimeSpan.FromSeconds(2);
    private static readonly List<HostProcess> Idle = [];
    private static readonly HttpClient Http = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource<Uri> _url = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _key;
    private readonly Process _process;
    private ITestOutputHelper? _output; // of the case that has it now

    private HostProcess(ITestOutputHelper output, string key, IEnumerable<string> arguments)
    {
        _output = output;
        _key = key;
        var configuration = typeof(HostProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        var dll = Path.Combine(
            Repository.Root,
            "tests",
            "ActorSocket.WireHost",
            "bin",
            configuration,
            new DirectoryInfo(AppContext.BaseDirectory).Name,
            "ActorSocket.WireHost.dll"
        );
        _process = new Process
        {
            // With its end of this pipe the WireHost ends too, however this process does.
            StartInfo = new ProcessStartInfo("dotnet", [dll, "--until=eof", .. arguments])
            {
                WorkingDirectory = AppContext.BaseDirectory,
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    public Journal Journal { get; private set; } = new();

    /// <summary>
    /// A WireHost for this case alone, which may have served others before: one that a case has used and that has no connection left waits
    /// for the next. (Its start takes longer than most cases do.)
    /// </summary>
    /// <param name="output">The case's.</param>
    /// <param name="profile">The WireHost's.</param>
    /// <param name="settings">Its options, or with two dashes the host's.</param>
    /// <param name="use">The case. After one that fails the WireHost is not used again.</param>
    public static async Task UseAsync(ITestOutputHelper output, string profile, string[] settings, Func<HostProcess, Task> use)
    {
        var host = TakeIdle(Key(profile, settings)) ?? await StartAsync(output, profile, settings);
        host._output = output;
        host.Journal = new Journal();
        var kept = false;
        try
        {
            await use(host);
            kept = await host.IsIdleAsync();
            if (kept)
                await host.KeepAsync();
        }
        finally
        {
            if (!kept)
                await host.DisposeAsync();
        }
    }

    public static Task<HostProcess> StartAsync(ITestOutputHelper output, string profile, params string[] settings) =>
        StartAsync(output, profile, "client", settings);

    public static async Task<HostProcess> StartAsync(ITestOutputHelper output, string profile, string handlers, string[] settings)
    {
        var host = new HostProcess(
            output,
            Key(profile, settings),
            ["--port=0", $"--handlers={handlers}", $"--profile={profile}", .. settings.Select(Argument)]
        );
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
        WriteLog();
    }

    private void WriteLog()
    {
        while (_log.TryDequeue(out var line))
            _output?.WriteLine(line);
    }

    /// <summary>An option of ActorSocket, unless it is one of the host's own.</summary>
    private static string Argument(string setting) =>
        setting.StartsWith("--", StringComparison.Ordinal) ? setting : $"--ActorSocket:{setting}";

    private static string Key(string profile, string[] settings) => string.Join(' ', [profile, .. settings]);

    private static HostProcess? TakeIdle(string key)
    {
        lock (Idle)
        {
            var host = Idle.Find(host => host._key == key);
            if (host is not null)
                Idle.Remove(host);
            return host;
        }
    }

    private async Task KeepAsync()
    {
        WriteLog();
        _output = null;
        HostProcess? eldest = null;
        lock (Idle)
        {
            Idle.Add(this);
            if (Idle.Count > IdleAtMost)
            {
                eldest = Idle[0];
                Idle.RemoveAt(0);
            }
        }
        if (eldest is not null)
            await eldest.DisposeAsync();
    }

    /// <summary>
    /// Whether its last connection ends in time; one whose client has vanished does not. It is another process, which is asked again and
    /// again.
    /// </summary>
    private async Task<bool> IsIdleAsync()
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < UntilIdle; await Task.Delay(5))
        {
            if (await Http.GetStringAsync(new Uri(Url, "/connections")) == "0")
                return true;
        }
        return false;
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
