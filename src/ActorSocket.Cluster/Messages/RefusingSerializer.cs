using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace ActorSocket.Clustering;

/// <summary>
/// Takes the place of Akka's JSON serializer, which makes whatever type a message names: what has no serializer of its own does not cross
/// nodes. An application whose own actors rely on it sets <c>akka.actor.serializers.json</c> back.
/// </summary>
#pragma warning disable CS9113 // Akka has settings for the serializer of this name, and hands them over
internal sealed class RefusingSerializer(ExtendedActorSystem system, Config settings) : Serializer(system)
#pragma warning restore CS9113
{
    public override int Identifier => 1; // NewtonSoftJsonSerializer's

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => throw new System.Runtime.Serialization.SerializationException(
        $"{obj.GetType()} must not cross nodes: it has no serializer. Bind one to it in akka.actor.serialization-bindings.");

    public override object FromBinary(byte[] bytes, Type type) =>
        throw new System.Runtime.Serialization.SerializationException(
            "A message that another node wrote with Akka's JSON serializer was refused: it may name any type."
        );
}
