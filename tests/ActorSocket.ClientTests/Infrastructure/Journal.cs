namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>What the server side of a test saw, line by line; a test may wait for a line.</summary>
internal sealed class Journal
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly List<(IReadOnlyCollection<string> Wanted, TaskCompletionSource<string> Seen)> _waiting = [];

    public void Add(string line)
    {
        lock (_gate)
        {
            _lines.Add(line);
            foreach (var (_, seen) in _waiting.Where(waiter => waiter.Wanted.Contains(line)))
                seen.TrySetResult(line);
        }
    }

    public IReadOnlyList<string> About(string id)
    {
        lock (_gate)
            return [.. _lines.Where(line => line.Contains(id, StringComparison.Ordinal))];
    }

    public Task SeenAsync(string line) => SeenAnyAsync([line]);

    /// <summary>Waits for one of these lines and returns it.</summary>
    public async Task<string> SeenAnyAsync(IReadOnlyCollection<string> wanted)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_lines.Find(wanted.Contains) is { } already)
                return already;
            _waiting.Add((wanted, seen));
        }

        try
        {
            return await seen.Task.WaitForAsync($"the server to see \"{string.Join("\" or \"", wanted)}\"", TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException e)
        {
            lock (_gate)
                throw new TimeoutException($"{e.Message} It saw:\n{string.Join('\n', _lines)}", e);
        }
    }
}
