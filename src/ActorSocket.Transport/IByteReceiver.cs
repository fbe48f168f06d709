using System.Buffers;

namespace ActorSocket.EventLoops;

/// <summary>Takes the bytes of a connection as they come: on its loop, or from a pump over a pipe. One call at a time.</summary>
internal interface IByteReceiver
{
    /// <summary>It is done with the connection, which is closed then.</summary>
    bool IsOver { get; }

    /// <summary>Whether it takes bytes now. Asked before each read; where it does not, it has itself woken once it does.</summary>
    bool MayRead();

    /// <summary>Takes what it can. What is left is given again, in front of what comes next.</summary>
    void OnBytes(ref ReadOnlySequence<byte> bytes);

    /// <summary>Nothing more comes; with an error, because the connection is broken, or closed by this side.</summary>
    void OnEnd(Exception? error);

    /// <summary>It had itself woken, or nobody knows whether it had. Also behind the end, until it is over.</summary>
    void OnWoken();
}
