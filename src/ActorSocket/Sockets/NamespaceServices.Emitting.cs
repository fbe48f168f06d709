using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Rooms;

namespace ActorSocket.Sockets;

/// <summary>An event on its way to those whom it is for: encoded once, kept by the recovery log, appended to each socket.</summary>
internal sealed partial class NamespaceServices
{
    /// <summary>An event for a selection of sockets: encoded once, appended to every member on the emitter's thread.</summary>
    /// <param name="selection">Whom it is for.</param>
    /// <param name="eventName">Its name.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="flags">How it is sent.</param>
    /// <param name="origin">Of what came to every node by itself, which message it was (<see cref="OriginLog"/>); else 0.</param>
    public void Emit<TArgs>(RoomSelection selection, string eventName, in TArgs args, EmitFlags flags, long origin = 0)
        where TArgs : struct, IEventArguments
    {
        if (Children is not null)
        {
            foreach (var child in Children.Values)
                child.Emit(selection, eventName, args, flags, origin);
            return;
        }
        using var activity = ActorSocketActivity.IsOn ? ActorSocketActivity.StartSend(MetricsName, eventName) : null;
        var frame = Encode(eventName, args, flags);
        Server.EmitObserver?.OnEmit(Name, selection, frame, isFromHere: true);
        if (Recovery is not null && (!flags.Volatile || Server.Packets.EndsInText(frame)))
        {
            Log(
                Recovery,
                new Emission(
                    frame,
                    selection,
                    flags.Volatile,
                    IsKept: !flags.Volatile,
                    IsLocal: flags.Local,
                    MarkByParser(eventName, args, flags),
                    Origin: flags.Volatile ? 0 : origin // what is not kept is in nobody's log
                )
            );
            return;
        }
        if (!flags.Local)
            Server.Adapter.Broadcast(this, selection, frame, flags.Volatile);
        Broadcast(selection, frame, flags.Volatile, null);
    }

    /// <summary>An event that another node emitted, for the members that this node has.</summary>
    public void Deliver(RoomSelection selection, EncodedFrame frame, bool isVolatile, string emitter, long number)
    {
        Server.EmitObserver?.OnEmit(Name, selection, frame, isFromHere: false);
        if (Recovery is null || (isVolatile && !Server.Packets.EndsInText(frame)))
        {
            Broadcast(selection, frame, isVolatile, null);
            return;
        }
        Func<string, EncodedFrame>? mark = null;
        if (Server.Packets.HasParser)
        {
            if (Server.Read(frame) is not { EventName: { } eventName } packet)
                return;
            mark = MarkByParser(
                eventName,
                new EventArguments<SocketArguments>(packet.Arguments),
                EmitFlags.None with
                {
                    Compress = frame.Compress,
                }
            );
        }
        Log(Recovery, new Emission(frame, selection, isVolatile, IsKept: !isVolatile, IsLocal: true, mark, emitter, number));
    }

    /// <summary>
    /// Recovery puts an offset behind an event's arguments. In our own encoding it is appended to the bytes; with an application's parser
    /// (<see cref="SocketIoParser"/>) the event is encoded anew with it, by what this returns. Null without such a parser.
    /// </summary>
    private Func<string, EncodedFrame>? MarkByParser<TArgs>(string eventName, TArgs args, EmitFlags flags)
        where TArgs : struct, IEventArguments => Server.Packets.HasParser ? ByParser(eventName, args, flags) : null;

    private Func<string, EncodedFrame> ByParser<TArgs>(string eventName, TArgs args, EmitFlags flags)
        where TArgs : struct, IEventArguments => offset => Encode(eventName, new ArgumentsWithOffset<TArgs>(args, offset), flags);

    /// <summary>
    /// Gives an event its offset and its place in the log, and appends it to its receivers' queues, all in one. One that is not kept gets
    /// the offset of the event before it: the client takes the last argument for an offset if it is a text, whatever it is, and would lose
    /// its place in the log. What runs the application's code is done before and after: nobody else's emit waits for it.
    /// </summary>
    private void Log(RecoveryLog log, in Emission e)
    {
        EncodedFrame? marked = null;
        long position = 0;
        var listening = new List<Socket>();
        while (!TryLog(log, e, ref marked, ref position, listening))
            marked = e.Mark!(log.OffsetOf(position));
        foreach (var socket in listening)
            socket.RaiseOutgoing(marked!);
    }

    /// <summary>False when a parser of the application's is to encode the event with an offset: it is tried again with that.</summary>
    private bool TryLog(RecoveryLog log, in Emission e, ref EncodedFrame? marked, ref long position, List<Socket> listening)
    {
        lock (log.Gate)
        {
            var own = log.Last + (e.IsKept ? 1 : 0);
            if (marked is null || position != own)
            {
                position = own;
                if (!Server.Packets.TryMark(e.Frame, log.OffsetOf(own), out marked))
                    return false;
            }
            // Under the gate: whoever passes it after a node has joined is sure that the node gets what is emitted from there on. An offset
            // is a node's own, so what goes to the others has none.
            var sentTo = e.IsLocal
                ? null
                : Server.Adapter.Broadcast(this, e.Selection, e.Frame, e.IsVolatile, e.IsKept ? log.NextNumber : 0);
            var selection = e.Emitter is null ? log.UntoldOf(e.Origin, e.Selection) : log.Untold(e.Emitter, e.Number, e.Selection);
            if (e.IsKept && e.Emitter is null)
                log.Add(marked, selection, sentTo, e.Origin);
            else if (e.IsKept)
                log.AddFrom(e.Emitter!, e.Number, marked, selection);
            if (e.Only is null)
            {
                Broadcast(selection, marked, e.IsVolatile, listening);
            }
            else
            {
                if (e.Only.IsListenedTo) // of what is dropped, too
                    listening.Add(e.Only);
                CountSent(e.Only.Queue(marked, e.IsVolatile) ? 1 : 0, marked.Size);
            }
            return true;
        }
    }

    /// <summary>
    /// An event for one socket. For recovery, an event for its room; but not one of the middleware's, which leaves at once and so was not
    /// missed.
    /// </summary>
    /// <param name="socket">Whom it is for.</param>
    /// <param name="eventName">Its name.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="flags">How it is sent.</param>
    /// <param name="isOwn">Whether it is the library's own, of a stream: not kept for who comes back, nor traced.</param>
    public void Emit<TArgs>(Socket socket, string eventName, in TArgs args, EmitFlags flags, bool isOwn = false)
        where TArgs : struct, IEventArguments
    {
        using var activity = ActorSocketActivity.IsOn && !isOwn ? ActorSocketActivity.StartSend(MetricsName, eventName) : null;
        var packet = Server.Packets.Event(Name, eventName, -1, args);
        if (Recovery is null && !socket.IsListenedTo)
        {
            socket.Send(packet, flags.Compress, flags.Volatile);
            return;
        }
        var frame = new EncodedFrame(packet, flags.Compress);
        var isKept = !flags.Volatile && !isOwn && socket.Connected;
        if (Recovery is not null && (isKept || Server.Packets.EndsInText(frame)))
            Log(
                Recovery,
                new Emission(
                    frame,
                    RoomSelection.Everyone.To([socket.Id]),
                    flags.Volatile,
                    isKept,
                    IsLocal: true,
                    MarkByParser(eventName, args, flags),
                    Only: socket
                )
            );
        else
            socket.Send(frame, flags.Volatile);
    }

    private EncodedFrame Encode<TArgs>(string eventName, in TArgs args, EmitFlags flags)
        where TArgs : struct, IEventArguments => new(Server.Packets.Event(Name, eventName, -1, args), flags.Compress);

    /// <param name="selection">Whom it is for.</param>
    /// <param name="frame">The event.</param>
    /// <param name="isVolatile">Whether it may be dropped.</param>
    /// <param name="listening">Gets those sockets whose listeners are to be told by who calls, once it has left the gate; null for telling
    /// them here.</param>
    private void Broadcast(RoomSelection selection, EncodedFrame frame, bool isVolatile, List<Socket>? listening)
    {
        if (selection.Rooms is null)
            Append(All.Snapshot, selection, frame, isVolatile, listening);
        else if (FindOnly(selection.Rooms) is { } room)
            Append(room, selection, frame, isVolatile, listening);
        else
            Append([.. Select(selection)], RoomSelection.Everyone, frame, isVolatile, listening);
    }

    public void CountSent(int events, int size) => Server.Metrics.EventsSent(MetricsName, events, size);

    public List<Socket> Select(RoomSelection selection)
    {
        var found = new List<Socket>();
        if (Children is not null)
        {
            foreach (var child in Children.Values)
                found.AddRange(child.Select(selection));
            return found;
        }
        if (selection.Rooms is null)
        {
            AddTo(found, All.Snapshot, selection, null);
            return found;
        }
        var seen = selection.Rooms.Length > 1 ? new HashSet<Socket>() : null;
        foreach (var name in selection.Rooms)
        {
            if (FindRoom(name) is { } members)
                AddTo(found, members, selection, seen);
        }
        return found;
    }

    /// <summary>The members of the only one of these rooms that has any here; null where there is more than one, or none.</summary>
    private Socket[]? FindOnly(string[] rooms)
    {
        Socket[]? only = null;
        foreach (var room in rooms)
        {
            if (FindRoom(room) is not { } members)
                continue;
            if (only is not null)
                return null;
            only = members;
        }
        return only;
    }

    private Socket[]? FindRoom(string room)
    {
        // A socket's own room exists only in the table of sockets, unless somebody else joined a room of that name.
        var members = _rooms.TryGetValue(room, out var joined) ? joined.Snapshot : null;
        if (!_byId.TryGetValue(room, out var own) || !own.IsIn(room))
            return members;
        return members is null ? [own] : [own, .. members];
    }

    private void Append(Socket[] members, RoomSelection selection, EncodedFrame frame, bool isVolatile, List<Socket>? listening)
    {
        var sent = 0;
        var all = selection.ExcludedSocket is null && selection.Excluded.Length == 0;
        var isWatched = Server.Observer is not null; // looked at once, whatever the number of members
        foreach (var socket in members)
        {
            if (!socket.Connected || (!all && selection.Excludes(socket)))
                continue;
            if (isWatched || socket.HasOutgoingListeners)
            {
                if (listening is null)
                    socket.RaiseOutgoing(frame);
                else
                    listening.Add(socket);
            }
            sent += socket.Queue(frame, isVolatile) ? 1 : 0;
        }
        CountSent(sent, frame.Size);
    }

    private static void AddTo(List<Socket> found, Socket[] members, RoomSelection selection, HashSet<Socket>? seen)
    {
        foreach (var socket in members)
        {
            if (socket.Connected && !selection.Excludes(socket) && (seen is null || seen.Add(socket)))
                found.Add(socket);
        }
    }

    /// <summary>An event on its way through the recovery log.</summary>
    /// <param name="Frame">The event, without an offset.</param>
    /// <param name="Selection">Whom it is for.</param>
    /// <param name="IsVolatile">Whether it may be dropped.</param>
    /// <param name="IsKept">Whether it is logged: not what is volatile, nor what a middleware emits, which leaves at once and so was not
    /// missed.</param>
    /// <param name="IsLocal">Whether other nodes do not get it.</param>
    /// <param name="Mark">Encodes it with an offset, where a parser does that.</param>
    /// <param name="Emitter">The node that emitted it; null for this one.</param>
    /// <param name="Number">Which of that node's it is.</param>
    /// <param name="Only">The one receiver, whether or not it is in its room yet.</param>
    /// <param name="Origin">Of what came to every node by itself, which message it was; else 0.</param>
    private readonly record struct Emission(
        EncodedFrame Frame,
        RoomSelection Selection,
        bool IsVolatile,
        bool IsKept,
        bool IsLocal,
        Func<string, EncodedFrame>? Mark,
        string? Emitter = null,
        long Number = 0,
        Socket? Only = null,
        long Origin = 0
    );
}
