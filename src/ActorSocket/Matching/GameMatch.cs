using System.Text.Json;

namespace ActorSocket;

/// <summary>Somebody who wants to play.</summary>
/// <param name="SocketId">Of a connected socket of the queue's namespace: the handler's own <see cref="Socket.Id"/>.</param>
/// <param name="Name">What the game calls the player by: the name of the seat that is reserved there; 256 characters at most.</param>
public sealed record MatchPlayer(string SocketId, string Name = "");

/// <summary>What a <see cref="MatchQueue"/> is asked for: a match for one player, or for some who stay together.</summary>
/// <param name="Players">Who: more than one is a party, which comes into one match, or into none.</param>
/// <param name="Rank">How good they are, by whichever measure; zero where that does not matter.</param>
/// <param name="Group">Only tickets of the same group play together, such as those of one mode or map; 256 characters at most.</param>
/// <param name="Properties">What the game is to know of them: JSON of at most 4096 bytes, and 60 000 for all of a match.</param>
public sealed record MatchRequest(
    IReadOnlyList<MatchPlayer> Players, double Rank = 0, string Group = "", JsonElement? Properties = null)
{
    /// <summary>For one player.</summary>
    /// <param name="socketId">Of a connected socket of the queue's namespace.</param>
    /// <param name="name">What the game calls the player by.</param>
    /// <param name="rank">How good the player is.</param>
    /// <param name="group">Only tickets of the same group play together.</param>
    public static MatchRequest Of(string socketId, string name = "", double rank = 0, string group = "") =>
        new([new MatchPlayer(socketId, name)], rank, group);
}

/// <summary>A request that waits in a queue.</summary>
/// <param name="Number">Which one: from 1, never given twice while the queue lives.</param>
/// <param name="Since">Since when it waits.</param>
/// <param name="Request">What was asked for.</param>
public sealed record MatchTicket(long Number, DateTimeOffset Since, MatchRequest Request);

/// <summary>Who plays together.</summary>
/// <param name="Id">A new id, 32 hexadecimal digits: what the game's entity may have for its own.</param>
/// <param name="Group">The group of all tickets.</param>
/// <param name="Tickets">From the oldest to the youngest.</param>
public sealed record GameMatch(string Id, string Group, IReadOnlyList<MatchTicket> Tickets)
{
    /// <summary>All players, in the order of the tickets.</summary>
    public IEnumerable<MatchPlayer> Players => Tickets.SelectMany(static ticket => ticket.Request.Players);
}

/// <summary>Why a ticket has left the queue without a match.</summary>
public enum UnmatchedReason
{
    /// <summary>Nobody was found within <see cref="MatchRules.Timeout"/>.</summary>
    TimedOut,

    /// <summary>It was taken back: <see cref="IMatchQueue.CancelAsync"/>.</summary>
    Cancelled,

    /// <summary>A player's connection is gone: the player's own, or that of another one of the party.</summary>
    PlayerGone,

    /// <summary>The queue has retired.</summary>
    QueueEnded,

    /// <summary>The queue's node has crashed, and who waited is not known any more: ask again.</summary>
    QueueLost,
}
