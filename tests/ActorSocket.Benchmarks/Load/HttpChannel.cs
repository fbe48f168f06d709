using System.Buffers.Text;
using System.Text;

namespace ActorSocket.Benchmarks.Load;

/// <summary>One keep-alive HTTP/1.1 connection with one request under way at a time.</summary>
internal sealed class HttpChannel(Poller poller, int port) : Channel(poller, port)
{
    private HttpHandler? _handler;

    public delegate void HttpHandler(ReadOnlySpan<byte> body);

    public bool IsBusy => _handler is not null;

    public void Get(string path, HttpHandler handler)
    {
        _handler = handler;
        Write($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", default);
    }

    public void Post(string path, ReadOnlySpan<byte> body, HttpHandler handler)
    {
        _handler = handler;
        Write(
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: {body.Length}\r\n\r\n",
            body
        );
    }

    protected override void OnConnected()
    {
    }

    /// <summary>Servers close what they have not been asked on for some seconds.</summary>
    protected override void OnEnd()
    {
        if (IsBusy)
            base.OnEnd();
        else
            Close();
    }

    protected override int OnBytes(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return 0;
        var head = bytes[..(end + 2)];
        if (!head.StartsWith("HTTP/1.1 200 "u8) || _handler is null)
            throw new LoadFailure("unexpected answer: " + Encoding.UTF8.GetString(bytes[..end]));
        var rest = bytes[(end + 4)..];
        int used;
        ReadOnlySpan<byte> body;
        if (Header(head, "content-length:"u8) is { IsEmpty: false } length)
        {
            if (!Utf8Parser.TryParse(length, out used, out _) || rest.Length < used)
                return 0;
            body = rest[..used];
        }
        else if (!TryReadChunks(rest, out body, out used))
        {
            return 0;
        }
        var handler = _handler;
        _handler = null;
        handler(body);
        return end + 4 + used;
    }

    private void Write(string head, ReadOnlySpan<byte> body)
    {
        var output = Reserve(head.Length + body.Length);
        var length = Encoding.ASCII.GetBytes(head, output);
        body.CopyTo(output[length..]);
        Commit(length + body.Length);
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        foreach (var line in head.Split("\r\n"u8))
        {
            if (head[line].Length > name.Length && Ascii.EqualsIgnoreCase(head[line][..name.Length], name))
                return head[line][name.Length..].Trim((byte)' ');
        }
        return default;
    }

    private static bool TryReadChunks(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> body, out int used)
    {
        var all = new byte[bytes.Length];
        var length = 0;
        used = 0;
        body = default;
        while (true)
        {
            var line = bytes[used..].IndexOf("\r\n"u8);
            if (line < 0 || !Utf8Parser.TryParse(bytes[used..], out int size, out _, 'x') || bytes.Length < used + line + size + 4)
                return false;
            bytes.Slice(used + line + 2, size).CopyTo(all.AsSpan(length));
            length += size;
            used += line + size + 4;
            if (size == 0)
                break;
        }
        body = all.AsSpan(0, length);
        return true;
    }
}
