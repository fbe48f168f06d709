using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Data;

/// <summary>Whose data it is, and what is to be known of it there.</summary>
internal interface IDataOwner
{
    /// <summary>How a value is written that may have to travel to another node; null where none has to.</summary>
    SocketJson? TravelsAs { get; }

    /// <summary>A value of this type was put, and cannot travel.</summary>
    void OnStaysBehind(Type type);

    void OnDataChanged();
}
