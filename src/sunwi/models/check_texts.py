"""Fixed texts on which a faster precision is compared with float32: made up, Korean and English.

They are short and long, with numbers, units, Han characters, Latin words and endings of spoken language, for
a damaged or unusual model may lose on some of these alone.
"""

from __future__ import annotations

QUERIES = (
    "물은 왜 위에서부터 얼어요?",
    "광합성이 잘 일어나는 조건",
    "계약을 해지하려면 며칠 전에 알려야 하나요",
    "지난번에 말한 그 실험, 온도를 20℃ 더 올리면 결과가 어떻게 달라져?",
    "세율",
    "how do vaccines train the immune system",
    "GPU 메모리가 부족하다는 오류는 어떻게 고쳐?",
    "第3條의 適用 範圍",
)
PASSAGES = (
    (
        "얼음은 물보다 밀도가 작아서 물 위에 뜬다. 호수의 물은 4℃에서 가장 무거우므로 더 차가운 물이 "
        "위로 올라와 먼저 언다. 위쪽의 얼음은 아래쪽 물을 찬 공기로부터 막아 주며, 물고기는 그 아래에서 "
        "겨울을 난다."
    ),
    (
        "임차인은 계약이 끝나기 두 달 전까지 갱신을 요구할 수 있다. 임대인은 정당한 까닭 없이 이를 "
        "거절하지 못한다."
    ),
    (
        "제12조(수수료) ① 수수료는 건당 3,500원으로 한다. ② 제1항에도 불구하고 65세 이상인 사람에게는 "
        "100분의 50을 줄여 준다. ③ 잘못 낸 수수료는 낸 날부터 1년 안에 돌려 달라고 할 수 있다."
    ),
    (
        "세포 호흡은 포도당과 산소로부터 에너지를 얻는 과정이다. 해당 과정은 세포질에서, 그다음 과정은 "
        "미토콘드리아에서 일어난다. 포도당 한 분자에서 약 30~32개의 ATP가 만들어지며, 나머지 에너지는 "
        "열로 나간다. 산소가 모자라면 근육에서는 젖산이 쌓이고, 효모에서는 에탄올과 이산화 탄소가 "
        "생긴다. 이 때문에 빵 반죽이 부풀고 술이 익는다."
    ),
    "회의는 수요일 오후 3시 30분에 2층 회의실에서 한다.",
    (
        "The tide is the regular rise and fall of the sea. It follows the pull of the Moon and, less "
        "strongly, of the Sun. When both pull along one line, the range is largest; a week later it is "
        "smallest."
    ),
    (
        "To restart the service, stop the worker first (`systemctl stop worker`), wait until the queue "
        "is empty, then start both. If port 8080 is taken, set PORT=8081 in the file .env and try again."
    ),
    (
        "조선 後期의 상인들은 포구를 따라 물건을 날랐다. 배 한 척에는 쌀 200섬쯤을 실었고, 물길이 얕은 "
        "곳에서는 작은 배로 옮겨 실었다. 값은 철에 따라 달라져 가을에는 한 섬에 다섯 냥, 이듬해 봄에는 "
        "여덟 냥까지 올랐다고 한다. 장부에는 날짜, 품목, 수량, 받을 돈과 갚을 돈이 따로 적혔으며, 같은 "
        "거래가 두 번 적히는 일을 막으려고 붉은 점을 찍었다. 흉년이 들면 관청이 곡식을 풀어 값을 "
        "눌렀지만, 소문이 먼저 퍼진 고을에서는 사재기가 일어나 효과가 작았다. 상인들은 서로 소식을 "
        "주고받으며 다음 장날의 값을 미리 헤아렸고, 믿을 만한 사람에게는 담보 없이 물건을 맡겼다."
    ),
    "리튬 이온 battery는 음극에서 양극으로 전자가 흐르며 방전된다. 정격 전압 3.7 V, 용량 2,600 mAh.",
    "비타민 C는 물에 녹으며 열에 약하다.",
    (
        "표 3. 월별 강수량(mm): 1월 21, 2월 28, 3월 47, 4월 73, 5월 102, 6월 133, 7월 381, 8월 348, 9월 "
        "169, 10월 52, 11월 53, 12월 25."
    ),
    (
        "A contract of sale passes the risk to the buyer when the goods are handed over, unless the "
        "parties agree otherwise. Defects must be reported within eight days of their discovery. The "
        "seller may repair or replace the goods; if both fail twice, the buyer may reduce the price or "
        "withdraw. Claims lapse two years after delivery. These rules do not limit liability for injury, "
        "nor for damage that was caused on purpose or by gross neglect."
    ),
)
