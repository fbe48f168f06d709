using System.Text;
using ActorSocket.Sessions;
using Akka.Event;

namespace ActorSocket.Entities;

/// <summary>
/// A call of an entity's method: arguments are a JSON array. Goes to whatever <see cref="IEntityPlacement.Start"/> gave for its class.
/// </summary>
/// <param name="Id">Which entity.</param>
/// <param name="Method">Which method.</param>
/// <param name="Arguments">A JSON array.</param>
/// <param name="WantsAnswer">Whether anybody waits.</param>
/// <param name="Trace">The trace that it is part of (<see cref="Diagnostics.ActorSocketActivity.Current"/>); empty for none.</param>
internal sealed record EntityCall(string Id, string Method, byte[] Arguments, bool WantsAnswer, string Trace = "") : IDeadLetterSuppression
{
    /// <summary>About as many as it has on its way to another node.</summary>
    public int Bytes => Arguments.Length + Encoding.UTF8.GetByteCount(Id) + Encoding.UTF8.GetByteCount(Method);
}

/// <summary>What it returned, or what went wrong.</summary>
/// <param name="Result">A JSON array: the result, or the data of the exception.</param>
/// <param name="Error">What went wrong; empty when nothing did.</param>
/// <param name="IsRefusal">Whether that is an <see cref="EventException"/>, and so for clients.</param>
/// <param name="Code">Its code, if it has one.</param>
internal sealed record EntityAnswer(byte[] Result, string Error, bool IsRefusal = false, string Code = "") : IDeadLetterSuppression;

/// <summary>
/// Told to an entity: the node <paramref name="Waker"/> has a record of it, so that it is to live, called or not. Repeated until it does.
/// </summary>
internal sealed record EntityWake(string Waker) : ILocalMessage;

/// <summary>Told to an entity: it moves to another node, and so hands its state over and stops.</summary>
internal sealed class EntityMoves : ILocalMessage { public static readonly EntityMoves Instance = new(); }

/// <summary>Told to an entity: what it said last is kept.</summary>
internal sealed class EntityRemembered : ILocalMessage { public static readonly EntityRemembered Instance = new(); }
