using System.Diagnostics;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>A server of somebody's that <c>dotnet</c> runs, from when it listens until it is disposed of.</summary>
internal sealed class ListeningProcess : IAsyncDisposable
{
    private readonly Process _process;
    private bool _isDisposed;

    private ListeningProcess(Process process) => _process = process;

    /// <param name="word">What it says when it is ready.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="arguments">Those of <c>dotnet</c>.</param>
    public static async Task<ListeningProcess> StartAsync(string word, string folder, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var started = new ListeningProcess(Process.Start(start)!);
        started._process.StandardInput.Close();
        var errors = started._process.StandardError.ReadToEndAsync();
        var said = new List<string>();
        try
        {
            while (await started._process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(3)) is { } line)
            {
                said.Add(line);
                if (!line.Contains(word, StringComparison.Ordinal))
                    continue;
                _ = started._process.StandardOutput.ReadToEndAsync(); // or its pipe fills up, and it waits
                return started;
            }
        }
        catch (TimeoutException)
        {
            said.Add($"\"{word}\" was not said within three minutes.");
        }
        await started.DisposeAsync();
        throw new InvalidOperationException($"It does not listen:\n{string.Join('\n', said)}\n{await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
