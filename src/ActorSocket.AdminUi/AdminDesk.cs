using System.Text.Json;
using ActorSocket.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorSocket.AdminUi;

/// <summary>
/// The admin namespace of one server on this node: lets administrators in, does what they ask for, and tells those of all nodes how this
/// one does. While nobody looks, on any node, it does nothing: who has an administrator says so to the others every two seconds.
/// </summary>
internal sealed class AdminDesk
{
    // Between the nodes, in the admin namespace.
    private const string SomebodyLooks = "admin:looks";
    private const string SocketsAsked = "admin:sockets";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly ServerServices _server;
    private readonly Namespace _admin;
    private readonly AdminSignIn _signIn;
    private readonly AdminActions? _actions;
    private readonly AdminObserver? _observer;
    private readonly ServerStats _stats;
    private readonly string[] _features;
    private bool _isWatched;
    private long _lastLook;

    public AdminDesk(ActorSocketServer io, ActorSocketAdminUiOptions options, IServiceProvider services)
    {
        _server = io.Server;
        _admin = io.Of(options.NamespaceName);
        var isDevelopment = options.Mode is { } mode
            ? mode == AdminUiMode.Development
            : services.GetService<IHostEnvironment>()?.IsDevelopment() == true;
        _signIn = new AdminSignIn(_admin, options, services);
        _stats = new ServerStats(io, options.ServerId, services);
        _observer = isDevelopment ? new AdminObserver(_admin) : null;
        _actions = options.ReadOnly ? null : new AdminActions(io, _admin);
        _features =
        [
            .. options.ReadOnly ? [] : AdminActions.Features,
            "AGGREGATED_EVENTS",
            .. isDevelopment ? (string[])["ALL_EVENTS"] : [],
        ];
        _admin.Use(_signIn.CheckAsync);
        _admin.OnConnection(OnConnection);
        _admin.OnServerEvent(SomebodyLooks, OnSomebodyLooks);
        _admin.OnServerEvent(SocketsAsked, OnSocketsAsked);
    }

    /// <summary>The sessions that this node knows.</summary>
    public AdminSessions Sessions => _signIn.Sessions;

    /// <summary>Until the host stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, _server.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
            {
                Tick();
                await HearOfSessionsAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            StopLooking();
        }
    }

    private void Tick()
    {
        try
        {
            if (_admin.Sockets.Count > 0)
            {
                Look();
                _admin.ServerSide.Own.Emit(SomebodyLooks);
            }
            else if (!IsStillWatched())
            {
                return;
            }
            _admin.Emit("server_stats", _stats.Take());
        }
        catch (Exception error) // the next one comes in two seconds
        {
            _server.Log.AdminNotTold(error);
        }
    }

    private async Task HearOfSessionsAsync(CancellationToken stopping)
    {
        try
        {
            await _signIn.HearOfSessionsAsync(stopping).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException) // tried again in two seconds
        {
            _server.Log.AdminNotTold(error);
        }
    }

    private void OnConnection(Socket socket)
    {
        Look();
        if (_signIn.TakeNewSession(socket) is { } session)
            socket.Emit("session", session);
        _actions?.Register(socket);
        socket.Emit("config", AdminJson.Arguments(_server, _features, static (json, features) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("supportedFeatures"u8);
            foreach (var feature in features)
                json.WriteStringValue(feature);
            json.WriteEndArray();
            json.WriteEndObject();
        }));
        socket.Emit("server_stats", _stats.Now());
        _admin.ServerSide.Own.Emit(SomebodyLooks);
        if (_observer is not null)
            _ = TellSocketsAsync(socket); // what the administrator does meanwhile does not wait for other nodes
    }

    private void OnSomebodyLooks()
    {
        if (Look())
            _admin.Emit("server_stats", _stats.Take()); // so that it is not missing for two seconds
    }

    private JsonElement OnSocketsAsked()
    {
        Look(); // before they are listed, so that none that comes then is missing
        return _observer is null ? JsonElement.Parse("[]"u8) : JsonElement.Parse(AdminJson.SocketsOf(_server).WrittenSpan);
    }

    /// <summary>The sockets of all nodes, as far as they answer in time.</summary>
    private async Task TellSocketsAsync(Socket socket)
    {
        try
        {
            IEnumerable<JsonElement> others;
            try
            {
                others = await _admin.ServerSide.Own.EmitWithAckAsync<JsonElement>(SocketsAsked, socket.Disconnected).ConfigureAwait(false);
            }
            catch (AckTimeoutException late)
            {
                others = late.Responses.Select(static response => response[0].ToJsonElement());
            }
            socket.Emit("all_sockets", AdminJson.Arguments(_server, (_server, others), static (json, all) =>
            {
                json.WriteStartArray();
                AdminJson.WriteSocketsOf(json, all._server);
                foreach (var described in all.others.SelectMany(static sockets => sockets.EnumerateArray()))
                {
                    if (json.BytesCommitted + json.BytesPending < all._server.Options.MaxOutboundBytes / 2)
                        described.WriteTo(json);
                }
                json.WriteEndArray();
            }));
        }
        catch (OperationCanceledException) when (socket.Disconnected.IsCancellationRequested)
        {
            // The administrator has left.
        }
        catch (Exception error)
        {
            _server.Log.AdminNotTold(error);
        }
    }

    /// <summary>True when nobody did before.</summary>
    private bool Look()
    {
        lock (_gate)
        {
            _lastLook = _server.Time.GetTimestamp();
            if (_isWatched)
                return false;
            _isWatched = true;
            _stats.Start();
            _server.Observer = _observer;
            return true;
        }
    }

    private bool IsStillWatched()
    {
        lock (_gate)
        {
            if (_isWatched && _server.Time.GetElapsedTime(_lastLook) >= Patience)
                StopLooking();
            return _isWatched;
        }
    }

    private void StopLooking()
    {
        lock (_gate)
        {
            if (!_isWatched)
                return;
            _isWatched = false;
            _server.Observer = null;
            _stats.Stop();
        }
    }
}
