using ActorSocket.Sessions;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.Transports;

/// <summary>
/// A request's body that did not come at once. When the server stops, what still moves is waited for; where nothing comes for a second the
/// connection is cut: its client is out of reach, and the stop would take as long as a slow body may.
/// </summary>
internal sealed class LateBody : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HttpContext _context;
    private readonly TimeProvider _time;
    private readonly CancellationTokenRegistration _draining;
    private ITimer? _timer;
    private bool _hasMoved;
    private bool _isOver;

    public LateBody(HttpContext context, EngineServer server)
    {
        _context = context;
        _time = server.Time;
        _draining = server.Draining.UnsafeRegister(static body => ((LateBody)body!).Watch(), this);
    }

    /// <summary>A part of it has come.</summary>
    public void Moved()
    {
        lock (_gate)
            _hasMoved = true;
    }

    public void Dispose()
    {
        lock (_gate)
            _isOver = true; // the context is another request's from here on
        _draining.Dispose();
        _timer?.Dispose();
    }

    private void Watch() => _timer = _time.CreateTimer(static body => ((LateBody)body!).Look(), this, Patience, Patience);

    private void Look()
    {
        lock (_gate)
        {
            if (!_isOver && !_hasMoved)
                _context.Abort();
            _hasMoved = false;
        }
    }
}
