using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Xunit.Sdk;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>
/// One case of a client script, in a process of its own. The script prints JSON lines: {"signal":…} when the test has something to do, and
/// {"ok":true,…} or {"ok":false,"error":…} at the end.
/// </summary>
internal sealed class ScriptClient : IAsyncDisposable
{
    private readonly string _title;
    private readonly Process _process;
    private readonly Channel<JsonElement> _lines = Channel.CreateUnbounded<JsonElement>();
    private readonly StringBuilder _noise = new();
    private readonly Task _reading;

    private ScriptClient(string title, Process process)
    {
        _title = title;
        _process = process;
        _reading = Task.WhenAll(ReadLinesAsync(), ReadNoiseAsync());
    }

    public static async Task<ScriptClient> StartJavaScriptAsync(
        string script,
        string name,
        Uri url,
        string mode,
        params (string Name, string Value)[] environment
    ) => Start(await Prerequisites.NodeAsync(), "node", "main.mjs", [script, name], url, mode, environment);

    public static async Task<ScriptClient> StartPythonAsync(string name, Uri url, string mode) =>
        Start(await Prerequisites.PythonAsync(), "python", "main.py", [name], url, mode);

    private static ScriptClient Start(
        string program,
        string folder,
        string main,
        string[] what,
        Uri url,
        string mode,
        params (string Name, string Value)[] environment
    )
    {
        folder = Path.Combine(Repository.ClientTests, folder);
        var address = url.GetLeftPart(UriPartial.Authority);
        var start = new ProcessStartInfo(program, [Path.Combine(folder, main), .. what, "--url", address, "--mode", mode])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        return new ScriptClient($"{string.Join(' ', what)} ({mode})", Process.Start(start)!);
    }

    /// <summary>Waits for the script's signal; the script waits for <see cref="ContinueAsync"/>.</summary>
    public async Task<JsonElement> SignalAsync(string name, TimeSpan? limit = null)
    {
        var line = await NextAsync($"the signal \"{name}\"", limit);
        if (line.TryGetProperty("signal", out var signal) && signal.ValueEquals(name))
            return line;

        throw Failure(line, $"expected the signal \"{name}\"");
    }

    public Task ContinueAsync() => TellAsync("go on");

    /// <summary>Tells the script something that it does not wait for.</summary>
    public async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>The script's last line; fails as the script did. Then the process ends by itself: its sockets have said goodbye.</summary>
    /// <param name="endsByItself">False when a connection is left that can never close.</param>
    public async Task<JsonElement> FinishAsync(bool endsByItself = true, TimeSpan? limit = null)
    {
        var line = await NextAsync("the result", limit);
        if (!line.TryGetProperty("ok", out var ok) || !ok.GetBoolean())
            throw Failure(line, "expected a good result");
        if (endsByItself)
            await _process
                .WaitForExitAsync()
                .WaitForAsync($"the client's sockets to close after the end of {_title}", TimeSpan.FromSeconds(20));
        return line;
    }

    public void Kill() => _process.Kill(entireProcessTree: true);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            Kill();

        await _process.WaitForExitAsync().WaitForAsync($"the end of the process of {_title}");
        await _reading.WaitForAsync($"the end of the output of {_title}");
        _process.Dispose();
    }

    /// <summary>The next line, whatever it is.</summary>
    public async Task<JsonElement> NextAsync(string what, TimeSpan? limit = null)
    {
        try
        {
            return await _lines.Reader.ReadAsync().AsTask().WaitForAsync($"{what} of {_title}", limit);
        }
        catch (Exception e) when (e is TimeoutException or ChannelClosedException)
        {
            throw new XunitException($"{_title}: {e.Message}\n{Noise()}", e);
        }
    }

    private XunitException Failure(JsonElement line, string expected) =>
        new(
            line.TryGetProperty("error", out var error)
                ? $"{_title}:\n{error.GetString()}\n{Noise()}"
                : $"{_title}: {expected}, got {line}\n{Noise()}"
        );

    private string Noise()
    {
        lock (_noise)
        {
            return _noise.ToString();
        }
    }

    private async Task ReadLinesAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            try
            {
                _lines.Writer.TryWrite(JsonElement.Parse(line));
            }
            catch (JsonException)
            {
                AddNoise(line);
            }
        }

        _lines.Writer.TryComplete(new ChannelClosedException("the process ended without a result."));
    }

    private async Task ReadNoiseAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
            AddNoise(line);
    }

    private void AddNoise(string line)
    {
        lock (_noise)
        {
            _noise.AppendLine(line);
        }
    }
}
