using Akka.Actor;
using Akka.Configuration;
using ActorSocket.Clustering;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.IntegrationTests.Cluster.Messages;

public sealed class RefusingSerializerTests
{
    [Fact]
    public void What_has_no_serializer_of_its_own_is_refused_both_ways()
    {
        using var system = ActorSystem.Create("refusing", ConfigurationFactory.ParseString(ClusterSystem.Hocon));
        var extended = (ExtendedActorSystem)system;
        var serializer = extended.Serialization.FindSerializerFor(new UriBuilder());
        Assert.IsType<RefusingSerializer>(serializer);
        Assert.Throws<System.Runtime.Serialization.SerializationException>(() => serializer.ToBinary(new Uri("http://127.0.0.1")));
        Assert.ThrowsAny<Exception>(() =>
            extended.Serialization.Deserialize("""{"$type":"System.IO.FileInfo","fileName":"/"}"""u8.ToArray(), 1, typeof(FileInfo))
        );
        // Ours find their way, by themselves and packed.
        Assert.IsType<ClusterSerializer>(extended.Serialization.FindSerializerFor(new AnnounceReply(1)));
        Assert.IsType<ClusterSerializer>(extended.Serialization.FindSerializerFor(Packed.Of(new AnnounceReply(1))));
    }
}
