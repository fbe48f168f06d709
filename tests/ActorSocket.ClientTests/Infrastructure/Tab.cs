using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>A page in Chromium, with what it did on the network and said on its console.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentDictionary<IWebSocket, byte> _open = new();
    private readonly ConcurrentQueue<string> _console = new();
    private int _opened;

    public Tab(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) => _console.Enqueue($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => _console.Enqueue($"page error: {error}");
        page.WebSocket += (_, socket) =>
        {
            Interlocked.Increment(ref _opened);
            _open.TryAdd(socket, 0);
            socket.Close += (_, _) => _open.TryRemove(socket, out byte _);
        };
    }

    public IPage Page { get; }

    /// <summary>How many WebSockets are open now.</summary>
    public int OpenWebSockets => _open.Count;

    /// <summary>How many WebSockets were ever opened.</summary>
    public int OpenedWebSockets => Volatile.Read(ref _opened);

    public IReadOnlyCollection<string> Console => _console;

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
