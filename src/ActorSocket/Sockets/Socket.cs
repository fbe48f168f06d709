using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorSocket.Connections;
using ActorSocket.Data;
using ActorSocket.Emitting;
using ActorSocket.Recovery;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket;

/// <summary>One client in one namespace (official: <c>Socket</c>). The public face of a <c>SocketActor</c>.</summary>
/// <remarks>
/// All members may be used from any thread. Handlers of one socket run one at a time, in the order its events arrived; what a handler emits
/// before its first suspending <c>await</c> leaves in one write.
/// </remarks>
[JsonConverter(typeof(NoJsonConverter<Socket>))]
// a token source without a timer holds nothing; disposing it would break handlers that still look at the token
#pragma warning disable CA1001
public sealed partial class Socket : IAckEmitter
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disconnected = new();
    private readonly HandlerTable _handlers = new();
    private SocketData? _data;
    private SignIn? _signIn;
    private AsyncServiceScope? _scope;
    private volatile bool _connected;
    private volatile bool _isToldToGo;

    internal Socket(Namespace ns, ClientConnection connection, string id, Handshake handshake)
    {
        Namespace = ns;
        Connection = connection;
        Id = id;
        Handshake = handshake;
    }

    /// <summary>The client's secret to recover this socket; null when recovery is off.</summary>
    internal string? RecoverySecret { get; init; }

    /// <summary>What this socket continues; null for a new one.</summary>
    internal SocketRestore? RestoredFrom { get; init; }

    /// <summary>Where in the recovery log it begins; set when it is let in.</summary>
    internal RecoveryStart RecoveryStart { get; set; }

    internal ClientConnection Connection { get; }

    /// <summary>What its handlers are at. Its actor changes it.</summary>
    internal HandlingState Handling;

    /// <summary>Which of its client's CONNECTs it answers.</summary>
    internal int Attempt { get; init; }

    /// <summary>
    /// The socket's id: 28 URL-safe characters, unguessable, and not the connection's id. It is also a room that holds just this socket.
    /// </summary>
    /// <remarks>
    /// Of a Socket.IO 2 client (<see cref="EngineIoOptions.AllowEIO3"/>) it is the connection's id, <see cref="ConnectionId"/>, in other
    /// namespaces than <c>/</c> with the namespace and a <c>#</c> before it: such a client makes its <c>socket.id</c> from it. It is then a
    /// secret of the client; give others an id of the application's own.
    /// </remarks>
    public string Id { get; }

    /// <summary>The namespace the socket is connected to.</summary>
    public Namespace Namespace { get; }

    /// <summary>The facts of the request that opened the connection.</summary>
    public Handshake Handshake { get; }

    /// <summary>
    /// The authenticated user of the request that opened the connection. Of a socket that was recovered past the middleware, when that
    /// request has none: the user that the lost socket had, as claims.
    /// </summary>
    public ClaimsPrincipal User => _signIn?.User ?? RecoveredUser ?? Handshake.User;

    /// <summary>
    /// Signs the client in anew, as with a token that it has sent, in a namespace with <c>UseAuthentication</c>: <see cref="User"/> is who
    /// it is then, until the new time. What does not succeed changes nothing.
    /// </summary>
    /// <param name="auth">What the client would give as <c>auth</c> if it connected now.</param>
    /// <param name="cancellationToken">Ends the wait; the client may be signed in all the same.</param>
    /// <returns>What the scheme says; a failure, too, when it is another user than the one who is signed in.</returns>
    /// <exception cref="InvalidOperationException">The namespace has no authentication of its own.</exception>
    public Task<AuthenticateResult> AuthenticateAsync(JsonElement auth, CancellationToken cancellationToken = default) =>
        Namespace.Services.Authentication is { } authentication
            ? authentication.RenewAsync(this, auth).WaitAsync(cancellationToken)
            : throw new InvalidOperationException($"The clients of {Namespace.Name} do not sign in by themselves: call UseAuthentication.");

    internal void SignIn(AuthenticateResult result, SocketAuthenticationOptions options)
    {
        if (_signIn is { } signedIn)
            signedIn.Renew(result);
        else
            _signIn = new SignIn(this, options, result);
        if (_connected)
            Namespace.Services.Recovery?.Touch(this); // its claims travel
    }

    /// <summary>Whether its client's sign-in is over: while the middleware ran, nobody could be disconnected.</summary>
    internal bool HasSignInExpired => _signIn is { IsOver: true };

    internal void BeginSignedIn() => _signIn?.Begin();

    /// <summary>
    /// A bag for the application's own data about this socket. Thread-safe. Every write is followed: with
    /// <see cref="ActorSocketOptions.ConnectionStateRecovery"/> on a cluster another node has it within moments, and should this node
    /// crash, the client finds it there. A change within a value is not seen: put the value anew.
    /// </summary>
    /// <remarks>
    /// <para>A socket that is recovered on its own node has the same objects. On another node numbers, text, <c>bool</c>, <c>Guid</c>,
    /// dates, times, <c>Uri</c>, <c>byte[]</c> and <see cref="ClaimsPrincipal"/> (as claims) are what they were; what else System.Text.Json
    /// can write is a <see cref="System.Text.Json.JsonElement"/>: read it with <see cref="GetData"/>, which is the same everywhere.</para>
    /// <para>What cannot be written, such as a delegate, a stream or anything disposable, does not travel: a warning says so when it is
    /// put, and a socket that comes back without it passes the middleware again, whatever <see cref="RecoveryOptions.SkipMiddlewares"/>
    /// says.</para>
    /// </remarks>
    public IDictionary<string, object?> Data => Bag;

    /// <summary>Reads a value of <see cref="Data"/> as <typeparamref name="T"/>, also one that has come from another node as JSON, or one
    /// of another type that converts to it by JSON (an <c>int</c> as a <c>long</c>).</summary>
    /// <returns>The default when there is none.</returns>
    /// <exception cref="InvalidOperationException">There is one, which cannot be read as <typeparamref name="T"/>.</exception>
    public T? GetData<T>(string key) => Bag.Get<T>(key, Namespace.Services.Server.Json);

    /// <summary>As <see cref="GetData"/>, and says whether there is one.</summary>
    /// <returns>False when there is none, or none that can be read as <typeparamref name="T"/>.</returns>
    public bool TryGetData<T>(string key, out T? value) => Bag.TryGet(key, Namespace.Services.Server.Json, out value, out _);

    /// <summary><see cref="Data"/> as it is kept. A socket that continues one of this node's takes over the bag of that one.</summary>
    internal SocketData Bag =>
        System.Threading.Volatile.Read(ref _data) ?? Interlocked.CompareExchange(ref _data, new SocketData(this), null) ?? _data;

    internal void TakeOver(SocketData data)
    {
        data.Owner = this;
        _data = data;
    }

    /// <summary>The bag, if anything was ever put into it.</summary>
    internal SocketData? BagIfAny => System.Threading.Volatile.Read(ref _data);

    /// <summary>The user of the socket that this one continues, where that is to be this one's.</summary>
    internal ClaimsPrincipal? RecoveredUser { get; init; }

    /// <summary>The user, if there is more to say of it than that nobody is known.</summary>
    internal ClaimsPrincipal? KnownUser => _signIn?.User ?? RecoveredUser ?? Handshake.Request.KnownUser;

    /// <summary>
    /// Whether the socket is connected: true once the middleware has let it in, until <c>disconnecting</c> has been raised or
    /// <see cref="DisconnectAsync"/> called; so also for handlers of what the client sent before it left.
    /// </summary>
    public bool Connected => _connected && !_isToldToGo;

    /// <summary>
    /// Whether this socket continues one that was lost: it has its id, its rooms and its <see cref="Data"/>, and its client has got what it
    /// missed. See <see cref="ActorSocketOptions.ConnectionStateRecovery"/>.
    /// </summary>
    public bool Recovered => RestoredFrom is not null;

    /// <summary>The application's services, in a scope that lives as long as this socket.</summary>
    /// <exception cref="InvalidOperationException">The socket is disconnected and never asked for its services before.</exception>
    public IServiceProvider Services
    {
        get
        {
            lock (_gate)
            {
                if (_scope is { } existing)
                    return existing.ServiceProvider;
            }
            var made = Namespace.Services.Server.Provider.CreateAsyncScope(); // the application's container: not under a lock
            lock (_gate)
            {
                if (_scope is null && !_roomsLeft)
                {
                    _scope = made;
                    return made.ServiceProvider;
                }
            }
            made.Dispose(); // another thread was faster, and nobody has used this one; or it is too late
            return _scope?.ServiceProvider ?? throw new InvalidOperationException("The socket is disconnected: its services are gone.");
        }
    }

    /// <summary>
    /// Cancelled as soon as the client has left or the server has disconnected it: there is nobody to be answered any more, although events
    /// that were sent before may still be handled. Also when the client goes, or is refused, before it was connected.
    /// </summary>
    public CancellationToken Disconnected => _disconnected.Token;

    /// <summary>Whether the client is gone, or was told to go; what it sent before may still have to be handled.</summary>
    internal bool HasLeft => _hasLeft;

    /// <summary>Whether the server lets it go: nothing is sent to it any more, though its actor may not have come to it.</summary>
    internal bool IsToldToGo => _isToldToGo;

    /// <summary>Whether nothing of it is handled any more.</summary>
    internal bool IsOver
    {
        get
        {
            lock (_gate)
                return _isOver;
        }
    }

    /// <summary>Cancelled when nothing of the socket is handled any more: what a handler's own token is.</summary>
    internal CancellationToken Over
    {
        get
        {
            lock (_gate)
                return _isOver ? new CancellationToken(canceled: true) : (_over ??= new CancellationTokenSource()).Token;
        }
    }

    /// <summary>The connection's current transport: "polling" or "websocket".</summary>
    public string Transport => Connection.TransportName;

    /// <summary>
    /// Identifies the connection, which the sockets of several namespaces may share. A secret of the client: do not show it to others.
    /// </summary>
    public string ConnectionId => Connection.Sid;

    /// <summary>The socket's actor: it understands <see cref="SocketMessages"/>.</summary>
    public IActorRef Actor { get; internal set; } = ActorRefs.Nobody;

    /// <summary>
    /// The rooms the socket is in; a copy. Its own id is among them once the middleware has let it in. Empty once it is disconnected, but
    /// not yet for who handles <c>disconnecting</c>.
    /// </summary>
    public IReadOnlyCollection<string> Rooms => _reason is not null && !_connected ? [] : CurrentRooms;

    /// <summary>Everyone in the namespace but this socket.</summary>
    public BroadcastOperator Broadcast => new(Namespace, Others, EmitFlags.None);

    /// <summary>
    /// Everyone in any of the rooms but this socket: <c>To("a", "b")</c>, or <c>To(list)</c>. No room at all reaches nobody. Official:
    /// <c>to</c>.
    /// </summary>
    public BroadcastOperator To(params IEnumerable<string> rooms) => new(Namespace, Others.To(rooms), EmitFlags.None);

    /// <summary>The same as <see cref="To"/>. Official: <c>in</c>.</summary>
    public BroadcastOperator In(params IEnumerable<string> rooms) => To(rooms);

    /// <summary>Everyone in the namespace but this socket and the members of the rooms. Official: <c>except</c>.</summary>
    public BroadcastOperator Except(params IEnumerable<string> rooms) => new(Namespace, Others.Except(rooms), EmitFlags.None);

    private RoomSelection Others => RoomSelection.Everyone.ExceptSocket(this);

    /// <summary>Everyone on this node but this socket.</summary>
    public BroadcastOperator Local => Broadcast.Local;

    /// <summary>
    /// The next packet may be dropped when the client is not ready for it: between two polls, or while earlier packets wait.
    /// </summary>
    public SocketOperator Volatile => new(this, EmitFlags.None with { Volatile = true });

    /// <summary>Whether the next packet may be compressed. It may by default.</summary>
    public SocketOperator Compress(bool compress) => new(this, EmitFlags.None with { Compress = compress });

    /// <summary>
    /// How long the next <c>EmitWithAckAsync</c> waits before it throws an <see cref="AckTimeoutException"/>. Official: <c>timeout</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 24 days. To wait without a limit leave it
    /// out.</exception>
    public SocketOperator Timeout(TimeSpan timeout) => new(this, EmitFlags.None.Within(timeout));

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => SocketOperator.Emit(this, eventName, args, EmitFlags.None);

    /// <summary>
    /// Asks the client and waits for the first argument of its acknowledgement, without a time limit; see <see cref="Timeout"/>. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <exception cref="SocketDisconnectedException">The client went away meanwhile.</exception>
    /// <exception cref="InvalidOperationException">The middleware has not let it in yet.</exception>
    /// <inheritdoc/>
    public Task<T?> EmitWithAckCoreAsync<T>(string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default) =>
        new SocketOperator(this, EmitFlags.None).EmitWithAckCoreAsync<T>(eventName, args, cancellationToken);

    /// <summary>Joins a room. Completed, every later broadcast to the room reaches this socket. Official: <c>join</c>.</summary>
    /// <remarks>Joining twice does nothing; joining after the disconnect does nothing.</remarks>
    /// <param name="room">Any text of at most 256 bytes.</param>
    /// <param name="cancellationToken">Ends the wait; the socket joins all the same.</param>
    /// <exception cref="InvalidOperationException">The socket is in as many rooms as <see cref="ActorSocketOptions.MaxRoomsPerSocket"/>
    /// allows.</exception>
    public ValueTask JoinAsync(string room, CancellationToken cancellationToken = default) =>
        Namespace.Services.JoinAsync(this, room, cancellationToken);

    /// <summary>As <see cref="JoinAsync(string, CancellationToken)"/>, for several rooms, one after the other.</summary>
    public async ValueTask JoinAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rooms);
        string[] names = [.. rooms];
        RoomSelection.ThrowIfNull(names, nameof(rooms)); // before it joins any
        foreach (var room in names)
            await JoinAsync(room, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Leaves a room. Completed, no later broadcast to the room reaches this socket. Official: <c>leave</c>.</summary>
    /// <param name="room">The room. Leaving one that it is not in does nothing.</param>
    /// <param name="cancellationToken">Ends the wait; the socket leaves all the same.</param>
    public ValueTask LeaveAsync(string room, CancellationToken cancellationToken = default) =>
        Namespace.Services.LeaveAsync(this, room, cancellationToken);

    /// <summary>As <see cref="LeaveAsync(string, CancellationToken)"/>, for several rooms, one after the other.</summary>
    public async ValueTask LeaveAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rooms);
        string[] names = [.. rooms];
        RoomSelection.ThrowIfNull(names, nameof(rooms)); // before it leaves any
        foreach (var room in names)
            await LeaveAsync(room, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Disconnects the client from this namespace; it does not reconnect by itself. Other namespaces of the connection stay, unless
    /// <paramref name="scope"/> says otherwise. What is emitted to it from here on is dropped, awaited or not; awaited,
    /// <c>disconnecting</c> has been raised and the socket is in no room.
    /// </summary>
    /// <param name="scope">From this namespace, or from all of them and then the connection (official: <c>disconnect(true)</c>).</param>
    /// <param name="cancellationToken">Ends the wait; the socket is disconnected all the same.</param>
    public ValueTask DisconnectAsync(DisconnectScope scope = DisconnectScope.Namespace, CancellationToken cancellationToken = default)
    {
        if (!_connected)
            return default;
        _isToldToGo = true;
        if (scope == DisconnectScope.Connection)
            Connection.LetGo();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Actor.Tell(new SocketProtocol.Disconnect(scope, done));
        return DoneOrGoneAsync(done, cancellationToken);
    }

    /// <summary>
    /// Closes the connection, and with it the client's sockets of all namespaces, after what is queued and without a goodbye: a client
    /// reconnects by itself, and may be recovered (official: <c>socket.conn.close()</c>). Handlers of the disconnect see "forced close".
    /// May be called in middleware, too.
    /// </summary>
    /// <returns>Completes when nothing can be sent to this socket any more; what its client sent before is handled first, and then its
    /// disconnect is raised.</returns>
    /// <param name="cancellationToken">Ends the wait; the connection closes all the same.</param>
    public ValueTask CloseConnectionAsync(CancellationToken cancellationToken = default)
    {
        Connection.Session.Tell(new SessionProtocol.Close(DisconnectReason.ForcedClose));
        return _connected ? new ValueTask(LeftAsync(cancellationToken)) : default;
    }

    private async Task LeftAsync(CancellationToken cancellationToken)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (Disconnected.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), left))
            await left.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for what an actor was asked to do with this socket. One that has stopped answers nothing; the socket's end is an answer too.
    /// </summary>
    internal async ValueTask DoneOrGoneAsync(TaskCompletionSource done, CancellationToken cancellationToken)
    {
        // By way of the token that every socket has: the other one is made when it is needed.
        using (Disconnected.UnsafeRegister(
            static state =>
            {
                var (socket, done) = ((Socket, TaskCompletionSource))state!;
                socket.Over.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), done);
            },
            (this, done)))
            await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Namespace.Name} {Id}";
}
