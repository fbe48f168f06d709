using ActorSocket.Emitting;
using ActorSocket.Data;
using System.Text.Json;
using Akka.Actor;
using ActorSocket.Protocol.Records;
using ActorSocket.Clustering;
using ActorSocket.Entities;
using ActorSocket.Listings;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using CsCheck;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Messages;

/// <summary>What nodes tell each other, as bytes: also between versions, and whatever the bytes are.</summary>
public sealed class SerializerTests
{
    private static readonly SocketJson Json = new(null);

    /// <summary>One message of each kind. A new kind is added here, and its bytes below.</summary>
    private static IEnumerable<IClusterMessage> Messages(long n, string text, string other, byte[] bytes, string[] texts, bool flag)
    {
        var query = new RequestQuery(flag, !flag, text, other);
        var frame = EncodedFrame.Of([(byte)'4', (byte)'2', .. bytes], [bytes, []], flag);
        var target = new Target(text, flag ? texts : null, texts);
        var positions = new Dictionary<string, long>(StringComparer.Ordinal) { [text] = n, [text + other + "1"] = 1 };
        LoggedEvent[] events = [new(frame, target.Selection, other, n, 0) { Origin = n }];
        LostSocket[] lost = [new(text, other, texts, new SocketData { ["key"] = "value" }, 0)];
        yield return new Hello(text, (int)n, other, bytes, flag, n, n);
        yield return new Announce(n, [new RoomChange(text, other, flag), new RoomChange(other, text, !flag, (int)n)]);
        yield return new CountSockets(n, target);
        yield return new CountSocketsReply(n, (int)n);
        yield return new ListRooms(n, text, other, flag, text, (int)n);
        yield return new ListRoomsReply(n, texts);
        yield return new AnnounceReply(n);
        yield return new RoomSyncRequest(n);
        yield return new RoomSyncReply(n, n);
        yield return new PeerStatus(n, flag);
        yield return new Fragment(text, n, 1, 2, other, bytes);
        yield return new Broadcast(target, frame, flag, n, text);
        yield return new AskClients(n, target, frame, flag, TimeSpan.FromTicks(n), other);
        yield return new ClientsAskedReply(n, (int)n);
        yield return new ClientsNamedReply(n, texts);
        yield return new ClientAnswerReply(n, new EncodedArguments(bytes, [bytes]), text);
        yield return new ClientLeftReply(n, other);
        yield return new FetchSockets(n, target);
        yield return new FetchSocketsReply(n, [bytes, bytes]);
        yield return new ChangeSockets(n, target, SocketChange.Leave, texts);
        yield return new ChangeSocketsReply(n, new FailedSockets((int)n, texts, text));
        yield return new ServerSideEvent(n, text, other, bytes, text);
        yield return new ServerSideEventReply(n, flag, bytes, flag);
        yield return new ClaimSocket(n, text, other, n, text, other);
        yield return new ClaimSocketReply(n, text, texts, bytes, other, n, flag);
        yield return new ReturnSocket(text, other, lost[0], Json);
        yield return new CollectMissed(n, text, other, n, text, texts);
        yield return new MissedEventsReply(n, flag, events, positions, bytes);
        yield return new CollectEmitted(n, text, other, positions, text, texts);
        yield return new Replicate(n, text, new ReplicaChanges(flag, n, events, lost, texts, positions) { Origins = bytes }, Json);
        yield return new DropReplica(n, text);
        yield return new ReplicateReply(n, flag);
        yield return new EmitBarrier(n, text);
        yield return new EmitBarrierReply(n, text, n);
        yield return new CallEntity(text, other, bytes, flag, text);
        yield return new CallEntityReply(bytes, text, flag, other);
        yield return new WakeEntity(text, other);
        yield return new StoreEntityRecord(n, new EntityKey(text, other), new EntityRecord(n, EntityPhase.HandedOver, text, bytes), flag);
        yield return new EntityRecordReply(
            n,
            new EntityKey(text, other),
            RecordOutcome.Superseded,
            new EntityRecord(n, EntityPhase.Lost, other, [])
        );
        yield return new QueryEntity(n, new EntityKey(text, other));
        yield return new EntityQueryReply(n, new EntityRecord(n, EntityPhase.Ended, text, bytes));
        var listing = new ListedEntity(n, n, bytes, 3, 4, flag) { IsMoving = !flag };
        yield return new ListingChanges(n, n, flag, [new ListingChange(text, other, listing), new ListingChange(other, text, null)]);
        yield return new ListingChangesReply(n, n);
        yield return new WatchSocket(n, text, other);
        yield return new UnwatchSocket(n, text);
        yield return new SocketSighting(n, n, text, SocketPresence.Left);
        yield return new SocketSightingReply(n, n, text);
        yield return new PollRequest(text, n, query);
        yield return new PollCut(text, n);
        yield return new GatewayLeaves(text, n, flag);
        yield return new PostBegun(text, n, query);
        yield return new PostRequest(text, n, query, flag, !flag, bytes);
        yield return new PostFailed(text, n, query, flag, !flag);
        yield return new OtherRequest(text, n, query);
        yield return new UpgradeRequest(text, n, query, n, WireForm.Base64, flag);
        yield return new RequestServed(n, 200, bytes, flag, !flag);
        yield return new RequestRefused(n, EngineIoError.BadRequest);
        yield return new LinkBatch(bytes, n);
    }

    private static readonly Gen<(long, string, string, byte[], string[], bool)> Anything =
        Gen.Select(Gen.Long, Gen.String[0, 20], Gen.String[0, 20], Gen.Byte.Array[0, 300], Gen.String[0, 5].Array[0, 4], Gen.Bool);

    [Fact]
    public void Every_message_that_crosses_nodes_is_tested_here()
    {
        var all = typeof(IClusterMessage)
            .Assembly.GetTypes()
            .Where(static type =>
                typeof(IClusterMessage).IsAssignableFrom(type)
                && type is { IsClass: true, IsAbstract: false }
                && type != typeof(UnknownMessage)
            );
        Assert.Equal(
            all.Select(static type => type.Name).Order(StringComparer.Ordinal),
            Messages(1, "a", "b", [1], ["c"], true).Select(static message => message.GetType().Name).Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_again() => Anything.Sample(static (n, text, other, bytes, texts, flag) =>
    {
        foreach (var message in Messages(n, text, other, bytes, texts, flag))
        {
            var packed = Packed.Of(message);
            var read = packed.Unpack();
            Assert.Equal(message.GetType(), read.GetType());
            Assert.Equal(Convert.ToHexString(packed.Bytes), Rewrite(read));
        }
    });

    [Fact]
    public void Fields_of_a_newer_version_are_skipped_at_every_level() => Anything.Sample(
        static (n, text, other, bytes, texts, flag) =>
        {
            foreach (var message in Messages(n, text, other, bytes, texts, flag))
            {
                var packed = Packed.Of(message);
                var levels = RecordsIn(message);
                // Each record in turn, then all of them at once, and the message itself always.
                for (var which = 0; which <= levels; which++)
                {
                    var record = 0;
                    var newer = new WireWriter
                    {
                        FurtherFields = wire =>
                        {
                            if (which == levels || record == which)
                                wire.Number(-1).Texts(["more", "fields"]).Flag(true);
                            record++;
                        },
                    };
                    message.Write(newer);
                    newer.Bytes([200, 1]).Number(long.MinValue);
                    Assert.Equal(Convert.ToHexString(packed.Bytes), Rewrite(ClusterSerializer.Read(packed.Manifest, newer.ToArray())));
                }
            }
        },
        iter: 50);

    [Fact]
    public void Whatever_has_fields_of_its_own_is_a_record_in_the_message()
    {
        Type[] plain = [typeof(string), typeof(byte[]), typeof(string[]), typeof(byte[][]), typeof(TimeSpan), typeof(SocketJson)];
        foreach (var message in Messages(1, "a", "b", [1], ["c"], true))
        {
            var parts = message
                .GetType()
                .GetProperties()
                .Where(property =>
                    !property.PropertyType.IsPrimitive && !property.PropertyType.IsEnum && !plain.Contains(property.PropertyType)
                );
            Assert.True(
                RecordsIn(message) >= parts.Count(),
                $"{message.GetType().Name} has parts that cannot get a field at their end: "
                + $"{string.Join(", ", parts.Select(static part => part.Name))}"
            );
        }
    }

    [Fact]
    public void What_a_newer_version_says_of_a_socket_is_skipped()
    {
        var request = new HandshakeRequest(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Host"] = "a" },
            new Dictionary<string, string>(StringComparer.Ordinal) { ["EIO"] = "4" },
            "127.0.0.1",
            true,
            false,
            "/",
            DateTimeOffset.UnixEpoch,
            new()
        );
        var bytes = new SocketDetails("id", request, JsonElement.Parse("[1]"u8), ["room"], new SocketData { ["key"] = 1 }).ToBytes(Json);
        var read = SocketDetails.Read([.. bytes, 3, 1, 2, 3, 200, 1]);
        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(read.ToBytes(Json)));
        Assert.Equal(
            ("id", "127.0.0.1", "[1]", "room"),
            (read.Id, read.Request.Address, read.Auth.GetRawText(), Assert.Single(read.Rooms))
        );
    }

    private static int RecordsIn(IClusterMessage message)
    {
        var records = 0;
        message.Write(new WireWriter { FurtherFields = _ => records++ });
        return records;
    }

    [Fact]
    public void A_record_may_be_of_any_length() =>
        Gen.Int[0, 70_000]
            .Sample(
                static length =>
                {
                    var wire = new WireWriter().Number(1).Record(new byte[length], static (wire, bytes) => wire.Bytes(bytes)).Number(2);
                    var read = new WireReader(wire.ToArray());
                    Assert.Equal(
                        (1, length, 2),
                        (read.Number(), read.Record(static (ref WireReader record) => record.Bytes()).Length, read.Number())
                    );
                },
                iter: 200
            );

    [Fact]
    public void Fields_that_an_older_version_did_not_write_are_empty()
    {
        var hello = Packed.Of(new Hello("tag", 1, "json", [1, 2], HasShards: true, 1, 2));
        var read = Assert.IsType<Hello>(ClusterSerializer.Read(hello.Manifest, hello.Bytes.AsSpan(..^3)));
        Assert.Equal(("tag", 1, "json", false, 0), (read.Tag, read.Version, read.Parser, read.HasShards, read.Uid));
    }

    [Fact]
    public void A_message_of_a_newer_version_is_unknown_and_no_error()
    {
        Assert.Equal("zz", Assert.IsType<UnknownMessage>(ClusterSerializer.Read("zz", [1, 2, 3])).Name);
        Assert.Equal("", Assert.IsType<UnknownMessage>(ClusterSerializer.Read("", [])).Name);
    }

    [Fact]
    public void Data_of_another_node_that_is_no_UTF_8_is_a_FormatException() // found by the fuzzer
    {
        var packed = Packed.Of(Messages(1, "a", "b", [1], ["c"], true).Single(static message => message is Replicate));
        var at = packed.Bytes.AsSpan().IndexOf("value\""u8);
        packed.Bytes[at] = 0xA0;
        Assert.Throws<FormatException>(packed.Unpack);
    }

    [Fact]
    public void Whatever_the_bytes_are_reading_ends_with_a_message_or_a_FormatException_and_costs_little()
    {
        var manifests = Messages(1, "a", "b", [1], ["c"], true).Select(ClusterSerializer.ManifestOf).ToArray();
        var bytes = Gen.OneOf(Gen.Byte, Gen.Byte[0, 3], Gen.OneOfConst<byte>(0x7F, 0x80, 0xFF)).Array[0, 80];
        Gen.Select(Gen.Int[0, manifests.Length - 1], bytes).Sample(
            (which, bytes) =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    _ = ClusterSerializer.Read(manifests[which], bytes);
                }
                catch (FormatException)
                {
                    // Malformed; the message is dropped, and its sender's mistake logged.
                }
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
            },
            iter: 200_000,
            threads: 1);
    }

    /// <summary>
    /// Nodes of two versions work together during a rolling upgrade. Fields may be added at the end; then the file of the version in the
    /// making has the new bytes, and those of the versions that were released stay as they are.
    /// </summary>
    [Fact]
    public void The_bytes_of_every_message_are_those_of_the_newest_golden_file()
    {
        var written = Messages(300, "ž/", "b", [7, 8], ["r", ""], true).Select(static message =>
        {
            var packed = Packed.Of(message);
            return $"{message.GetType().Name} {packed.Manifest} {Convert.ToHexString(packed.Bytes)}".TrimEnd();
        }).ToArray();
        var newest = GoldenFiles().MaxBy(static file => System.Version.Parse(Path.GetFileNameWithoutExtension(file)))!;
        var proposal = Path.Combine(AppContext.BaseDirectory, "golden.new.txt");
        File.WriteAllLines(proposal, written);
        Assert.True(
            written.Select(BytesOf).SequenceEqual(File.ReadAllLines(newest).Select(BytesOf), StringComparer.Ordinal),
            $"What nodes tell each other has changed. If every field was added at an end, let {proposal} take the place of "
            + $"golden/{Path.GetFileName(newest)}, or, once that version is released, be the next one's."
        );
    }

    [Fact]
    public void What_every_released_version_wrote_is_read()
    {
        foreach (var line in GoldenFiles().SelectMany(File.ReadAllLines))
        {
            string[] parts = line.Split(' ');
            var read = ClusterSerializer.Read(parts[1], Convert.FromHexString(parts.Length > 2 ? parts[2] : ""));
            Assert.Equal(parts[1], ClusterSerializer.ManifestOf(read));
            Assert.IsNotType<UnknownMessage>(read);
            var again = Rewrite(read);
            Assert.Equal(again, Rewrite(ClusterSerializer.Read(parts[1], Convert.FromHexString(again))));
        }
    }

    /// <summary>Manifest and bytes; before them stands what the message's class was called when the file was made.</summary>
    private static string BytesOf(string line) => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    private static string[] GoldenFiles() =>
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Cluster", "Messages", "golden"), "*.txt");

    [Fact]
    public void A_long_message_travels_in_pieces_and_is_whole_again() => Gen.Select(Gen.Int[0, 300_000], Gen.Int[0, 300_000]).Sample(
        static (one, two) =>
        {
            var (first, second) = (Pieces(one, 1), Pieces(two, 2));
            var assembler = new FragmentAssembler(static (_, _) => { });
            var whole = new List<IClusterMessage>();
            // Two streams of one sender, in turn.
            for (var i = 0; i < Math.Max(first.Count, second.Count); i++)
            {
                foreach (var pieces in new[] { first, second })
                {
                    if (i < pieces.Count && assembler.TryAdd(pieces[i], ActorRefs.Nobody, out var message))
                        whole.Add(message!);
                }
            }
            Assert.Equal(new[] { one, two }.Order(), whole.Select(static message => ((LinkBatch)message).Entries.Length).Order());
            Assert.All(whole, static message =>
            Assert.All(((LinkBatch)message).Entries, static (value, i) => Assert.Equal((byte)(i % 251), value)));
        },
        iter: 30);

    [Fact]
    public void Of_a_long_message_that_lost_a_piece_nothing_is_left()
    {
        var pieces = Pieces(300_000, 1);
        for (var lost = 0; lost < pieces.Count; lost++)
        {
            var told = new HashSet<long>();
            var assembler = new FragmentAssembler((_, fragment) => told.Add(fragment.Request));
            for (var i = 0; i < pieces.Count; i++)
            {
                if (i != lost)
                    Assert.False(assembler.TryAdd(pieces[i], ActorRefs.Nobody, out _));
            }
            Assert.True(told.SetEquals(lost == pieces.Count - 1 ? [] : [1L])); // of one that lost its end, when the sender goes on
            Assert.Equal(1, Pieces(100_000, 1).Count(piece => assembler.TryAdd(piece, ActorRefs.Nobody, out _)));
            Assert.True(told.SetEquals([1L]));
            Assert.Equal(0, assembler.Bytes);
        }
    }

    [Fact]
    public void However_many_long_messages_come_at_once_none_is_dropped_in_silence()
    {
        var told = new HashSet<long>();
        var assembler = new FragmentAssembler((_, fragment) => told.Add(fragment.Request), maxBytes: 200 * 100_000);
        var messages = Enumerable.Range(0, 300).Select(static stream => Pieces(150_000, stream)).ToArray();
        var whole = new HashSet<long>();
        for (var i = 0; i < messages[0].Count; i++)
        {
            foreach (var pieces in messages)
            {
                if (assembler.TryAdd(pieces[i], ActorRefs.Nobody, out _))
                    whole.Add(pieces[i].Request);
                Assert.InRange(assembler.Bytes, 0, 200 * 100_000);
            }
        }
        Assert.True(whole.Count >= 100, $"{whole.Count} of 300 became whole");
        Assert.Equal(Enumerable.Range(0, 300).Select(static stream => (long)stream), whole.Concat(told).Order());
        Assert.Equal(0, assembler.Bytes);
    }

    [Fact]
    public void A_long_message_that_cannot_be_read_is_told_and_harms_no_other()
    {
        var told = 0;
        var assembler = new FragmentAssembler((_, _) => told++);
        Assert.False(assembler.TryAdd(new Fragment("", 1, 0, 1, "hi", [200]), ActorRefs.Nobody, out _));
        Assert.Equal(1, told);
        Assert.Equal(1, Pieces(100_000, 1).Count(piece => assembler.TryAdd(piece, ActorRefs.Nobody, out _)));
    }

    [Fact]
    public void Messages_that_are_cut_mutated_or_made_up_are_read_or_a_FormatException_and_cost_what_their_length_allows()
    {
        var samples = Messages(300, "ž/", "b", [7, 8, 9], ["r", "", "room"], true).Select(static message => Packed.Of(message)).ToArray();
        var spoilt = Gen.Select(Gen.Int[0, 200], Gen.Byte).Array[0, 4];
        Gen.Select(Gen.Int[0, samples.Length - 1], Gen.Int[0, 200], spoilt, Gen.Byte.Array[0, 40]).Sample(
            (which, length, changes, more) =>
            {
                byte[] bytes = [.. samples[which].Bytes.Take(length), .. more];
                foreach (var (at, value) in changes)
                {
                    if (at < bytes.Length)
                        bytes[at] = value;
                }
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    _ = ClusterSerializer.Read(samples[which].Manifest, bytes);
                }
                catch (FormatException)
                {
                    // Dropped by remoting, and logged.
                }
                // an exception and its trace take most of it
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000 + (1_000L * bytes.Length));
            },
            iter: 300_000,
            threads: 1);
    }

    private static List<Fragment> Pieces(int length, long stream)
    {
        var packed = Packed.Of(new LinkBatch([.. Enumerable.Range(0, length).Select(static i => (byte)(i % 251))], 0));
        var count = Math.Max(1, (packed.Bytes.Length + Packed.MaxBytes - 1) / Packed.MaxBytes);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new Fragment(
                    "",
                    stream,
                    i,
                    count,
                    packed.Manifest,
                    packed.Bytes[(i * Packed.MaxBytes)..Math.Min(packed.Bytes.Length, (i + 1) * Packed.MaxBytes)]
                )),
        ];
    }

    private static string Rewrite(IClusterMessage message) =>
        Convert.ToHexString(Packed.Of(message switch
        {
            Replicate replicate => replicate with { Json = Json },
            ReturnSocket returned => returned with { Json = Json },
            _ => message,
        }).Bytes);
}
