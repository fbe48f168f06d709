using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;

namespace ActorSocket.Sockets;

/// <summary>Who a socket's client has shown to be, until when.</summary>
internal sealed class SignIn
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(20); // what a timer takes

    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly SocketAuthenticationOptions _options;
    private readonly TimeProvider _time;
    private DateTimeOffset? _expires;
    private ITimer? _timer;
    private DateTimeOffset? _tells; // when the client is told that it expires, unless it has been
    private bool _hasBegun;

    public SignIn(Socket socket, SocketAuthenticationOptions options, AuthenticateResult result)
    {
        _socket = socket;
        _options = options;
        _time = socket.Namespace.Services.Server.Time;
        User = result.Principal!;
        Renew(result);
        socket.Disconnected.UnsafeRegister(static signIn => ((SignIn)signIn!).End(), this);
    }

    public ClaimsPrincipal User { get; private set; }

    public void Renew(AuthenticateResult result)
    {
        lock (_gate)
        {
            User = result.Principal!;
            _expires = result.Properties?.ExpiresUtc;
            var tells = _expires - _options.ExpiringNotice;
            // Of a renewal that comes too late for it nothing is told: a scheme of short tokens would renew for ever.
            _tells = _options.ExpiringEvent is not null && (!_hasBegun || tells > _time.GetUtcNow()) ? tells : null;
            if (_hasBegun)
                Arm();
        }
    }

    /// <summary>Whether it ends the connection: a scheme may accept what has expired, within some minutes for clocks that differ.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _options.DisconnectWhenExpired && _expires <= _time.GetUtcNow();
        }
    }

    /// <summary>The socket is let in: before, nothing could be told or ended.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _hasBegun = true;
            Arm();
        }
    }

    private void Arm()
    {
        _timer?.Dispose();
        _timer = null;
        if (_expires is not { } expires || !_options.DisconnectWhenExpired || _socket.Disconnected.IsCancellationRequested)
            return;
        var wait = TimeSpan.FromTicks(Math.Clamp(((_tells ?? expires) - _time.GetUtcNow()).Ticks, 0, LongestWait.Ticks));
        _timer = _time.CreateTimer(static signIn => ((SignIn)signIn!).OnDue(), this, wait, Timeout.InfiniteTimeSpan);
    }

    private void OnDue()
    {
        TimeSpan left;
        bool tells;
        lock (_gate)
        {
            if (_expires is not { } expires)
                return;
            var now = _time.GetUtcNow();
            left = expires - now;
            tells = _tells <= now && left > TimeSpan.Zero;
            if (tells)
                _tells = null;
            if (left > TimeSpan.Zero)
                Arm();
        }
        if (tells)
            _socket.Emit(_options.ExpiringEvent!, (int)Math.Ceiling(left.TotalSeconds));
        else if (left <= TimeSpan.Zero)
            _ = _socket.DisconnectAsync().AsTask();
    }

    private void End()
    {
        lock (_gate)
        {
            _expires = null;
            _timer?.Dispose();
        }
    }
}
