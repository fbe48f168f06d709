using System.Text;

namespace ActorSocket.Contracts;

/// <summary>Names that any language takes.</summary>
internal static class Identifier
{
    /// <summary>Words in Pascal case: <c>/chat-room</c> is <c>ChatRoom</c>.</summary>
    public static string Of(string text)
    {
        var name = new StringBuilder();
        var isStart = true;
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '_')
                name.Append(isStart ? char.ToUpperInvariant(c) : c);
            isStart = !char.IsAsciiLetterOrDigit(c) && c != '_';
        }
        return name.Length > 0 && !char.IsAsciiDigit(name[0]) ? name.ToString() : "_" + name;
    }

    /// <summary>One that is in no set yet, and put there.</summary>
    public static string Unused(string name, HashSet<string> used)
    {
        var unused = name;
        for (var number = 2; !used.Add(unused); number++)
            unused = $"{name}{number}";
        return unused;
    }
}
