using System.Buffers.Text;
using System.Text;

namespace ActorSocket.Benchmarks.Load;

/// <summary>
/// Socket.IO clients on long-polling: each has a GET waiting at all times and posts on a second connection once it has something to say.
/// </summary>
internal sealed class PollingLoad(Poller poller, int port, int connections, int payloadLength, bool echoes) : LoadBase(poller, connections)
{
    private readonly Client[] _clients = new Client[connections];
    private int _waiting;

    private int PayloadLength => payloadLength;

    protected override bool IsQuiet => _waiting == 0;

    public override void Close()
    {
        foreach (var client in _clients)
            client?.Close();
    }

    protected override void Begin(int index) => _clients[index] = new Client(this, port, (uint)index);

    protected override void OnStart()
    {
        foreach (var client in _clients)
        {
            if (echoes)
                client.Echo();
        }
    }

    private sealed class Client
    {
        private readonly PollingLoad _load;
        private readonly int _port;
        private readonly uint _index;
        private readonly HttpChannel _polls;
        private readonly byte[] _payload;
        private HttpChannel? _posts;
        private string _path = "/socket.io/?EIO=4&transport=polling";
        private bool _ready;
        private bool _owesPong;
        private bool _owesEcho;
        private uint _next;

        public Client(PollingLoad load, int port, uint index)
        {
            (_load, _port, _index) = (load, port, index);
            _payload = new byte[load.PayloadLength];
            _polls = new HttpChannel(load.Poller, port);
            _polls.Get(_path, OnOpen);
        }

        public void Echo()
        {
            _load._waiting++;
            _owesEcho = true;
            Post();
        }

        public void Close()
        {
            _polls.Close();
            _posts?.Close();
        }

        private void OnOpen(ReadOnlySpan<byte> body)
        {
            var start = "0{\"sid\":\""u8;
            if (!body.StartsWith(start))
                throw new LoadFailure("no session");
            var sid = body[start.Length..];
            _path += "&sid=" + Encoding.ASCII.GetString(sid[..sid.IndexOf((byte)'"')]);
            _polls.Post(_path, "40"u8, _ => Poll());
        }

        private void Poll() => _polls.Get(_path, OnPolled);

        private void OnPolled(ReadOnlySpan<byte> body)
        {
            foreach (var packet in body.Split((byte)0x1e))
                Handle(body[packet]);
            Poll();
            Post();
        }

        private void Handle(ReadOnlySpan<byte> packet)
        {
            if (packet.StartsWith("43"u8))
            {
                if (!Utf8Parser.TryParse(packet[2..], out uint id, out var used) || id != _next - 1)
                    throw new LoadFailure($"answer {id} where {_next - 1} was due");
                Payload.Verify(packet[(2 + used + 2)..^2], _index, id, _load.PayloadLength);
                _load._waiting--;
                _load.Units++;
                if (_load.Running)
                {
                    _load._waiting++;
                    _owesEcho = true;
                }
            }
            else if (packet.SequenceEqual("2"u8))
            {
                _owesPong = true;
            }
            else if (packet.StartsWith("40{"u8) && !_ready)
            {
                _ready = true;
                _load.ReadyCount++;
            }
            else
            {
                throw new LoadFailure("unexpected packet: " + Encoding.UTF8.GetString(packet));
            }
        }

        /// <summary>Posts what is owed, unless a post is under way: then its answer comes back here.</summary>
        private void Post()
        {
            if ((!_owesPong && !_owesEcho) || _posts is { IsBusy: true })
                return;
            var message = new MessageWriter(_load.Poller.Scratch);
            if (_owesPong)
                message = message.Add("3"u8);
            if (_owesPong && _owesEcho)
                message = message.Add("\u001e"u8);
            if (_owesEcho)
            {
                Payload.Write(_payload, _index, _next);
                message = message.Add("42"u8).Add(_next++).Add("[\"echo\",\""u8).Add(_payload).Add("\"]"u8);
            }
            _owesPong = _owesEcho = false;
            if (_posts is null or { IsClosed: true })
                _posts = new HttpChannel(_load.Poller, _port);
            _posts.Post(_path, message.Written, _ => Post());
        }
    }
}
